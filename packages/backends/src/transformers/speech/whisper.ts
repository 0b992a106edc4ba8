import { type CallOptions, PerStreamError, type TensorHandle, type TensorSession } from '@perstream/spec'
import { decodeText, type Library, type WhisperFeatureSettings } from '../library'
import { argmax, idsTensor, keptOutputs, logSumExp, type MergedDecoder, startSequence } from '../merged-decoder'
import type { ModelFolder } from '../model-folder'
import { openSessions } from '../open-sessions'
import { logMelOf, openLogMel } from './log-mel'
import type { OpenParts, SpeechModel, Transcribed } from './transcribed'
import { applyWhisperRules, readWhisperTokens, timestampStep, type WhisperTokens } from './whisper-rules'

/** How Whisper is opened. */
export interface WhisperOptions extends OpenParts {
  readonly folder: ModelFolder
  readonly library: Library
  readonly config: Readonly<Record<string, unknown>>
  /** 'en', 'de' ...: of a model of many languages. Absent: it finds out, for each stretch. */
  readonly language?: string | undefined
  /** Whether it says when each sentence begins and ends. Default true. */
  readonly timestamps?: boolean | undefined
}

const sampleRate = 16000

/** Opens a Whisper model. @throws PerStreamError `model-missing`, `model-invalid` and what opening gives */
export async function openWhisper(options: WhisperOptions): Promise<SpeechModel> {
  const { folder, library, config, runtime, open, signal } = options
  const [generation, preprocessor, tokenizer, tokenizerConfig] = await Promise.all([
    folder.readOptionalJson('generation_config.json', { signal }),
    folder.readJson('preprocessor_config.json', { signal }),
    folder.readJson('tokenizer.json', { signal }),
    folder.readJson('tokenizer_config.json', { signal }),
  ])
  const tokens = readWhisperTokens(config, generation ?? {})
  const language = languageToken(tokens, options.language)
  const heldOutputs = keptOutputs(Number(config.decoder_layers), ['decoder', 'encoder'])
  const { config: listening } = new library.WhisperFeatureExtractor(preprocessor)
  const opened = await openSessions({
    logMel: () => openLogMel(listening, runtime, { ...open, signal }),
    encoder: () => folder.open(runtime, 'encoder_model', { ...open, signal, heldOutputs: [encoded] }),
    decoder: () => folder.open(runtime, 'decoder_model_merged', { ...open, signal, heldOutputs }),
  })
  const words = new library.PreTrainedTokenizer(tokenizer, tokenizerConfig)
  const parts: WhisperParts = {
    ...{ ...opened.sessions, tokens, language, timestamps: options.timestamps ?? true },
    listening,
    decode: (ids) => decodeText(words, ids),
    longest: Math.floor(Number(config.max_target_positions ?? 448) / 2),
  }
  return {
    transcribe: (samples, callOptions) => transcribe(samples, parts, callOptions),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

interface WhisperParts {
  readonly logMel: TensorSession
  readonly encoder: TensorSession
  readonly decoder: TensorSession
  readonly listening: WhisperFeatureSettings
  readonly tokens: WhisperTokens
  /** Undefined: English only, or to be found out. */
  readonly language: number | undefined
  readonly timestamps: boolean
  readonly decode: (ids: readonly number[]) => string
  /** Tokens it writes at most. */
  readonly longest: number
}

const encoded = 'last_hidden_state'

async function transcribe(samples: Float32Array, parts: WhisperParts, options: CallOptions = {}): Promise<Transcribed> {
  using input_features = await logMelOf(samples, parts.logMel, parts.listening, options)
  const { [encoded]: hidden } = await parts.encoder.runHeld({ input_features }, options)
  using states = hidden!
  await using sequence = startSequence(parts.decoder)
  const written = await write(sequence, states, parts, options)
  return { ...written, parts: partsOf(written.tokens, samples.length / sampleRate, parts) }
}

/** Decodes greedily. */
async function write(
  sequence: MergedDecoder,
  states: TensorHandle,
  { tokens, timestamps, language, longest }: WhisperParts,
  options: CallOptions,
): Promise<Omit<Transcribed, 'parts'>> {
  const feed = (ids: readonly number[]) =>
    sequence.step({ input_ids: idsTensor(ids), encoder_hidden_states: states }, options)
  const begun = await feed([tokens.start])
  const noSpeechProbability = Math.exp(begun[tokens.noSpeech]! - logSumExp(begun))
  const prompt = promptAfterStart(begun, tokens, language, timestamps)
  let logits = prompt.length > 0 ? await feed(prompt) : begun
  const made: number[] = []
  let sum = 0
  for (let steps = 1; ; steps++) {
    const allowed = Float32Array.from(logits)
    applyWhisperRules(allowed, made, tokens, timestamps)
    const next = argmax(allowed)
    sum += allowed[next]! - logSumExp(allowed)
    if (next === tokens.end || steps === longest)
      return { tokens: made, noSpeechProbability, meanLogProbability: sum / steps }
    made.push(next)
    logits = await feed([next])
  }
}

function promptAfterStart(
  begun: Float32Array,
  tokens: WhisperTokens,
  language: number | undefined,
  timestamps: boolean,
): number[] {
  const plain = timestamps ? [] : [tokens.noTimestamps]
  if (!tokens.languages) return plain
  const candidates = Object.values(tokens.languages)
  const likeliest = candidates.reduce((best, token) => (begun[token]! > begun[best]! ? token : best), candidates[0]!)
  return [language ?? likeliest, ...(tokens.transcribe === undefined ? [] : [tokens.transcribe]), ...plain]
}

/** Cuts what was written at its times. */
function partsOf(ids: readonly number[], seconds: number, { tokens, decode }: WhisperParts): Transcribed['parts'] {
  const parts: { text: string; from: number; to: number }[] = []
  const timeOf = (token: number) => Math.min(seconds, (token - tokens.firstTimestamp) * timestampStep)
  let words: number[] = []
  let from = 0
  const end = (to: number) => {
    const text = decode(words)
    if (text !== '') parts.push({ text, from, to: Math.max(from, to) })
    words = []
  }
  for (const id of ids) {
    if (id >= tokens.firstTimestamp) {
      end(timeOf(id))
      from = timeOf(id)
    } else if (id < tokens.end) words.push(id)
  }
  end(seconds)
  return parts
}

function languageToken({ languages }: WhisperTokens, language: string | undefined): number | undefined {
  if (language === undefined) return undefined
  const token = languages?.[`<|${language}|>`]
  if (token !== undefined) return token
  const known = languages ? `it knows ${Object.keys(languages).slice(0, 8).join(', ')} ...` : 'it knows one only'
  throw new PerStreamError('model-unsupported', `The model has no language "${language}": ${known}.`, {
    fields: { language },
  })
}
