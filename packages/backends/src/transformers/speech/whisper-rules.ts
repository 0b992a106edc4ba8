import { logSumExp } from '../merged-decoder'

/** The numbers of the tokens that rule how Whisper writes. */
export interface WhisperTokens {
  readonly end: number
  readonly start: number
  readonly noSpeech: number
  readonly noTimestamps: number
  /** 0.00 s; each one after it is 0.02 s more. */
  readonly firstTimestamp: number
  readonly suppressed: readonly number[]
  readonly suppressedAtBegin: readonly number[]
  /** The first time lies at most so many timestamps after 0.00 s. */
  readonly maxInitialTimestamp: number
  /** Of a model of many languages: the token of each language, by its name, and the token for writing in that language. */
  readonly languages: Readonly<Record<string, number>> | undefined
  readonly transcribe: number | undefined
}

/** Seconds of one step of a timestamp. */
export const timestampStep = 0.02

/** Reads them from config.json and generation_config.json. */
export function readWhisperTokens(
  config: Readonly<Record<string, unknown>>,
  generation: Readonly<Record<string, unknown>>,
): WhisperTokens {
  const all = { ...config, ...generation }
  const noTimestamps = Number(all.no_timestamps_token_id ?? (all.is_multilingual ? 50363 : 50362))
  const languages = generation.lang_to_id as Readonly<Record<string, number>> | undefined
  const tasks = generation.task_to_id as Readonly<Record<string, number>> | undefined
  return {
    end: Number(all.eos_token_id),
    start: Number(all.decoder_start_token_id),
    noSpeech: noTimestamps - 1,
    noTimestamps,
    firstTimestamp: noTimestamps + 1,
    suppressed: (all.suppress_tokens as readonly number[] | undefined) ?? [],
    suppressedAtBegin: (all.begin_suppress_tokens as readonly number[] | undefined) ?? [],
    maxInitialTimestamp: Number(all.max_initial_timestamp_index ?? 50),
    languages,
    transcribe: tasks?.transcribe,
  }
}

/**
 * Takes the probability from all tokens that may not come next, in place: what is always suppressed, and, with timestamps,
 * what breaks their rules: they begin a text, come in pairs, and never go back; when all of them together are likelier than
 * the best word, one of them comes. (whisper: decoding.py, `ApplyTimestampRules`)
 */
export function applyWhisperRules(
  logits: Float32Array,
  made: readonly number[],
  tokens: WhisperTokens,
  withTimestamps: boolean,
): void {
  const forbid = (from: number, to = from + 1) => logits.fill(Number.NEGATIVE_INFINITY, from, to)
  for (const token of tokens.suppressed) forbid(token)
  if (made.length === 0) for (const token of tokens.suppressedAtBegin) forbid(token)
  if (!withTimestamps) return
  forbid(tokens.noTimestamps)
  const { firstTimestamp: first, end } = tokens
  const isTime = (token: number | undefined) => token !== undefined && token >= first
  const afterTime = isTime(made.at(-1))
  const afterPair = afterTime && (made.length < 2 || isTime(made.at(-2)))
  if (afterPair) forbid(first, logits.length)
  else if (afterTime) forbid(0, end)
  const times = made.filter(isTime)
  if (times.length > 0) forbid(first, afterTime && !afterPair ? times.at(-1)! : times.at(-1)! + 1)
  if (made.length === 0) {
    forbid(0, first)
    forbid(first + tokens.maxInitialTimestamp + 1, logits.length)
  }
  const bestWord = logits.subarray(0, first).reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY)
  if (logSumExp(logits, first) > bestWord) forbid(0, first)
}
