import type {
  Answerer,
  AnswerPart,
  AnswerRequest,
  AskMoment,
  CallOptions,
  Evidence,
  RetrievedMemory,
} from '@perstream/spec'
import { afterThinking } from '../thinking'
import { CitationReader, notSeenWord } from './citations'
import { type AiRequest, dataRule, type RequestPart } from './request'
import type { AiService } from './service'
import type { AiEmbeddings } from './vllm'

/** How questions are answered. */
export interface AiAnswererOptions {
  /** Memories shown to the model at most, best first, 1 or more. Default 20. */
  readonly maxMemories?: number | undefined
  /** The IANA time zone in which the model is told of times. Default 'UTC'. */
  readonly timeZone?: string | undefined
  /** Tokens of an answer at most, 1 or more. Default 400. */
  readonly maxNewTokens?: number | undefined
  /** What is said when no memory carries an answer. Default "I did not see that." */
  readonly notSeenText?: string | undefined
}

/**
 * Makes an answerer whose answers stream. Text is held back until it cites a memory that was given; an answer that never does is
 * 'not-seen', whatever it claims, and citations of others are dropped. Without memories or a question nobody is asked. With
 * `embeddings` the model is also shown the short-term memory of the moment.
 */
export function createAnswerer(
  service: AiService,
  embeddings: AiEmbeddings | undefined,
  options: AiAnswererOptions = {},
): Answerer {
  const { maxMemories = 20, timeZone = 'UTC', maxNewTokens = 400, notSeenText = 'I did not see that.' } = options
  for (const [name, value] of Object.entries({ maxMemories, maxNewTokens }))
    if (!Number.isInteger(value) || value < 1)
      throw new TypeError(`${name} is ${value}: it must be a whole number, 1 or more`)
  if (notSeenText.trim() === '') throw new TypeError('notSeenText is blank: say in words that there is no answer')
  const clock = createClock(timeZone)
  return {
    async *answer({ question, memories, moment }, call = {}) {
      call.signal?.throwIfAborted()
      const shown = memories.filter(({ memory }) => memory.text.trim() !== '').slice(0, maxMemories)
      const asked = { question, memories: shown, moment }
      if (shown.length === 0 || !/[\p{L}\p{N}]/u.test(question)) yield { kind: 'not-seen', text: notSeenText }
      else yield* readAnswer(service, toRequest(asked, clock, embeddings, maxNewTokens), shown, notSeenText, call)
    },
  }
}

async function* readAnswer(
  service: AiService,
  request: AiRequest,
  memories: readonly RetrievedMemory[],
  notSeenText: string,
  call: CallOptions,
): AsyncGenerator<AnswerPart, void, void> {
  const reader = new CitationReader()
  const parts = new AnswerParts(memories)
  let said = ''
  for await (const piece of afterThinking(service.stream(request, call))) {
    said += piece
    yield* parts.add(reader.read(piece))
  }
  yield* parts.add(reader.end())
  if (said.trim() === '') throw service.invalid('was empty', said)
  if (!parts.cited) yield { kind: 'not-seen', text: notSeenText }
}

/** Turns pieces into parts: held back until one cites a memory, each memory cited once, nothing after a 'not-seen' before that. */
class AnswerParts {
  readonly #memories: readonly RetrievedMemory[]
  readonly #cited = new Set<number>()
  #held = ''
  #notSeen = false

  constructor(memories: readonly RetrievedMemory[]) {
    this.#memories = memories
  }

  get cited(): boolean {
    return this.#cited.size > 0
  }

  *add(pieces: ReturnType<CitationReader['read']>): Generator<AnswerPart, void, void> {
    for (const piece of pieces) {
      if (this.#notSeen) return
      if (piece.kind === 'text') this.#held += piece.text
      else if (piece.kind === 'number') yield* this.#cite(piece.number)
      else this.#notSeen = !this.cited
    }
    if (this.cited) yield* this.#release()
  }

  *#cite(number: number): Generator<AnswerPart, void, void> {
    const memory = this.#memories[number - 1]?.memory
    if (!memory || this.#cited.has(number)) return
    this.#cited.add(number)
    yield* this.#release()
    yield { kind: 'citation', citation: { memoryId: memory.id, text: memory.text, evidence: memory.evidence } }
  }

  *#release(): Generator<AnswerPart, void, void> {
    if (this.#held !== '') yield { kind: 'text', text: this.#held }
    this.#held = ''
  }
}

const task = `You answer the question of a person who wears a camera, from the numbered memories of what was seen, read, heard or told, and from nothing else: no general knowledge, no guesses. Answer in the language of the question, in one or two short sentences. After each statement cite the memories that carry it by their numbers in square brackets: [1] or [2][5]. Later memories outweigh earlier ones that they contradict. If the memories do not answer the question, reply with the one word ${notSeenWord}.

${dataRule}`

function toRequest(
  { question, memories, moment }: AnswerRequest,
  clock: Clock,
  embeddings: AiEmbeddings | undefined,
  maxOutputTokens: number,
): AiRequest {
  const told = memories.map((each, i) => `[${i + 1}] ${describe(each, moment, clock)}`).join('\n')
  const views = embeddings ? (moment.shortTerm ?? []).map((grid) => embeddings.toContentPart(grid)) : []
  const parts: RequestPart[] = [
    ...views.map((part) => ({ kind: 'embedding' as const, part })),
    { kind: 'data', label: 'Memories', text: told },
    { kind: 'text', text: `It is ${clock(moment.now)} now.${watched(moment)}` },
    { kind: 'data', label: 'Question', text: question },
  ]
  return {
    turns: [
      { role: 'system', parts: [{ kind: 'text', text: task }] },
      { role: 'user', parts },
    ],
    maxOutputTokens,
    temperature: 0,
  }
}

function watched({ seconds }: AskMoment): string {
  return seconds === undefined ? '' : ` Second ${Math.round(seconds)} of the video that is being watched.`
}

/** "(read, 2026-01-01 10:00, at second 12) its words": one line a memory, so that numbers within its words begin none. */
function describe({ memory }: RetrievedMemory, { source }: AskMoment, clock: Clock): string {
  const when = memory.validFrom ?? memory.learnedAt
  const last = memory.evidence.at(-1)
  const about = [memory.origin, clock(when), last && place(last, source), memory.supersededBy && 'out of date']
  return `(${about.filter(Boolean).join(', ')}) ${memory.text.replace(/\s*\n\s*/g, ' / ')}`
}

function place({ source, startSeconds, endSeconds }: Evidence, watchedSource: string | undefined): string {
  const [start, end] = [Math.round(startSeconds), Math.round(endSeconds)]
  const span = start === end ? `at second ${start}` : `seconds ${start} to ${end}`
  return source === watchedSource ? `${span} of this video` : `${span} of an earlier video`
}

type Clock = (milliseconds: number) => string

/** @throws TypeError for an unknown time zone */
function createClock(timeZone: string): Clock {
  try {
    const format = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      dateStyle: 'full',
      timeStyle: 'short',
      hourCycle: 'h23',
    })
    return (milliseconds) => format.format(milliseconds)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new TypeError(`timeZone is ${JSON.stringify(timeZone)}: it must be an IANA name, such as "Europe/Berlin"`)
  }
}
