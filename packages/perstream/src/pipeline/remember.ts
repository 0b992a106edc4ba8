import { encodeAll } from '@perstream/kit'
import {
  type CallOptions,
  type Caption,
  type CaptionedMoment,
  type CreateResult,
  type GateDecision,
  type MemoryInput,
  PerStreamError,
  type PerStreamErrorCode,
  type SourceProgress,
  type Triplet,
  type Utterance,
} from '@perstream/spec'
import type { PipelineConfig } from './config'
import type { GateEvent, PerStreamEvent } from './events'
import { createFifo } from './fifo'
import type { PerStreamParts } from './parts'
import { type ContinuedMemory, createResumedTexts } from './resumed-texts'
import type { Stopwatch } from './stopwatch'
import { summarizeGrids } from './visual-summary'

/** A caption with its vector; a zero vector means that its words have no meaning to the encoder. */
export interface EncodedCaption {
  readonly caption: Caption
  readonly vector: Float32Array
}

/** What became of a moment, or of a sentence. */
export interface RememberedMoment {
  readonly captions: readonly EncodedCaption[]
  readonly events: readonly PerStreamEvent[]
  /** Memories it created, extended or revised. */
  readonly results: readonly CreateResult[]
}

/** What remembering needs beside the parts. */
export interface RememberOptions {
  readonly config: PipelineConfig
  readonly stopwatch: Stopwatch
  /** The id that evidence and progress name. */
  readonly source: string
  /** When the source began, in milliseconds since 1970 UTC, when that is known. */
  readonly startedAt: number | undefined
}

/** Stores what was seen and said: gate, triplets, and one durable batch with how far the source was seen or heard. */
export interface Remember {
  moment(moment: CaptionedMoment, options: CallOptions): Promise<RememberedMoment>
  /** A sentence, with all before its end counted as heard. */
  sentence(sentence: Utterance, options: CallOptions): Promise<RememberedMoment>
}

/** The name under which it is stored how far a source was heard: sound is heard at a pace of its own. */
export function soundOf(source: string): string {
  return `sound of ${source}`
}

/** Makes the step that stores the moments of one stream. */
export function createRemember(parts: PerStreamParts, options: RememberOptions): Remember {
  const { config, stopwatch, source } = options
  const recent = createFifo<Float32Array>(config.queueSize)
  const categoryOfTrack = new Map<string, string>()
  const refusedTextOfTrack = new Map<string, string>()
  const resumed = createResumedTexts(parts.memory, { source, resumedAt: parts.memory.progress(source)?.seconds })

  /** The category a caption is stored under, or undefined: not remembered. Of what is followed, only new words are asked again. */
  const categorize = (encoded: EncodedCaption, moment: Pick<CaptionedMoment, 'gate'>, events: PerStreamEvent[]) => {
    const { caption, vector } = encoded
    const known = caption.track === undefined ? undefined : categoryOfTrack.get(caption.track)
    if (known !== undefined) return known
    if (moment.gate) return moment.gate.category
    if (caption.track !== undefined && refusedTextOfTrack.get(caption.track) === caption.text) return undefined
    const decision = parts.gate.decide([vector], { recent: recent.values })
    events.push(gateEvent(decision, caption.evidence.startSeconds, caption.text))
    if (decision.remember) return decision.category
    if (caption.track !== undefined) refusedTextOfTrack.set(caption.track, caption.text)
    return undefined
  }

  const store = async (
    moment: Pick<CaptionedMoment, 'captions' | 'gate' | 'grids'>,
    progress: SourceProgress,
    { signal }: CallOptions,
  ): Promise<RememberedMoment> => {
    const inOrder = [...moment.captions].sort((a, b) => a.evidence.startSeconds - b.evidence.startSeconds)
    const texts = inOrder.map((caption) => caption.text)
    const vectors = await stopwatch.time('text embedding', () => encodeAll(parts.text, texts, { signal }))
    const captions = inOrder.map((caption, i) => ({ caption, vector: vectors[i]! }))
    const events: PerStreamEvent[] = []
    const inputs: MemoryInput[] = []
    for (const encoded of captions) {
      const before = await resumed.find(encoded.caption, { signal })
      const category = before?.category ?? categorize(encoded, moment, events)
      if (category === undefined) continue
      const said = before ? continued(encoded, before) : encoded
      const triplets = await tripletsOf(said.caption, parts, { stopwatch, events, signal })
      inputs.push(memoryInput(said, category, { space: parts.text.space, triplets, startedAt: options.startedAt }))
    }
    const results = await stopwatch.time('store', () =>
      parts.memory.create(attachGrids(inputs, moment, config), { signal, progress }),
    )
    results.forEach((result, i) => {
      const input = inputs[i]!
      if (input.track !== undefined) categoryOfTrack.set(input.track, input.category)
      if (result.outcome === 'created' && input.embedding) recent.push(input.embedding)
      events.push(storedEvent(result, input, progress.seconds))
    })
    return { captions, events, results }
  }

  return {
    moment: (moment, callOptions) => store(moment, progressAfter(moment, source), callOptions),
    sentence: (sentence, callOptions) =>
      store(
        { captions: [saidCaption(sentence, source)] },
        { source: soundOf(source), seconds: sentence.endSeconds },
        callOptions,
      ),
  }
}

function saidCaption({ text, confidence, startSeconds, endSeconds }: Utterance, source: string): Caption {
  return { text, origin: 'said', confidence, evidence: { source, startSeconds, endSeconds, frames: [] } }
}

/** Everything up to the last keyframe of a moment is stored with it. */
function progressAfter({ keyframes }: CaptionedMoment, source: string): SourceProgress {
  return { source, seconds: keyframes.at(-1)?.frame.seconds ?? 0 }
}

/** A caption under the memory it goes on from: in the words of that memory it extends it, in fuller ones it revises it. */
function continued({ caption, vector }: EncodedCaption, { text, track }: ContinuedMemory): EncodedCaption {
  const { track: _own, ...rest } = caption
  const revises = text === caption.text && track !== undefined
  return { caption: { ...rest, text, ...(revises && { track }) }, vector }
}

interface TripletContext extends CallOptions {
  readonly stopwatch: Stopwatch
  /** Receives a warning where the words cannot be split. */
  readonly events: PerStreamEvent[]
}

/** The triplets of a caption. A reply that cannot be used costs them, and not the memory: its words are kept, and a warning says so. */
async function tripletsOf(
  { text }: Caption,
  { triplets }: PerStreamParts,
  { stopwatch, events, signal }: TripletContext,
): Promise<readonly Triplet[] | undefined> {
  if (!triplets) return undefined
  try {
    return await stopwatch.time('triplets', () => triplets.extract(text, { signal }))
  } catch (error) {
    if (!PerStreamError.isInstance(error) || !ofOneText.has(error.code)) throw error
    const message = `"${text}" is remembered without triplets: ${error.message}`
    events.push({ type: 'warning', code: 'triplets-missing', message, fields: { ...error.fields } })
    return undefined
  }
}

/** Failures of an extractor that are of one text alone; those of a service end the run, which goes on from there later. */
const ofOneText: ReadonlySet<string> = new Set<PerStreamErrorCode>(['reply-invalid', 'prompt-too-long'])

function memoryInput(
  { caption, vector }: EncodedCaption,
  category: string,
  {
    space,
    triplets,
    startedAt,
  }: Pick<RememberOptions, 'startedAt'> & {
    readonly space: string
    readonly triplets: readonly Triplet[] | undefined
  },
): MemoryInput {
  return {
    text: caption.text,
    category,
    origin: caption.origin,
    confidence: caption.confidence,
    evidence: [caption.evidence],
    ...(vector.some((value) => value !== 0) && { embedding: vector, space }),
    ...(triplets && { triplets }),
    ...(caption.track !== undefined && { track: caption.track }),
    ...(startedAt !== undefined && { validFrom: startedAt + caption.evidence.startSeconds * 1000 }),
  }
}

/** All memories of one moment share its two grids. */
function attachGrids(
  inputs: readonly MemoryInput[],
  { grids }: Pick<CaptionedMoment, 'grids'>,
  { poolSize }: PipelineConfig,
): readonly MemoryInput[] {
  if (!grids || grids.length === 0 || inputs.length === 0) return inputs
  const { mean, nearest } = summarizeGrids(grids, poolSize)
  return inputs.map((input) => ({ ...input, meanGrid: mean, nearestGrid: nearest }))
}

/** The event of a gate decision; `text` is null when it read patches. */
export function gateEvent({ remember, ...decision }: GateDecision, seconds: number, text: string | null): GateEvent {
  return { type: remember ? 'gate-passed' : 'gate-refused', seconds, text, ...decision }
}

function storedEvent({ id, outcome }: CreateResult, input: MemoryInput, seconds: number): PerStreamEvent {
  const { text, category, origin, confidence = 1, evidence = [] } = input
  return { type: 'memory-stored', id, outcome, seconds, text, category, origin, confidence, evidence }
}
