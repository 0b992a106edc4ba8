import { encodeAll, mapAsync, mean, normalize } from '@perstream/kit'
import type { ReductionReport } from '@perstream/reduction'
import { collectAnswer } from '@perstream/responder'
import type {
  Answer,
  CallOptions,
  CaptionedMoment,
  GateDecision,
  Keyframe,
  Memory,
  Moment,
  PatchGrid,
  Reducible,
  RetrievedMemory,
  SourceProgress,
} from '@perstream/spec'
import { redactPasswords } from '../redact'
import { checkBudget, keepBudget, type MemoryBudget, nothingReduced, plus, type ReductionTotals } from './budget'
import { type PipelineConfig, type PipelineConfigOptions, resolveConfig } from './config'
import type { PerStreamEvent } from './events'
import { createFifo, type Fifo } from './fifo'
import { createHearing, type Hearing } from './hearing'
import { groupMoments, releaseKeyframes } from './moments'
import { checkParts, type PerStreamParts } from './parts'
import { createQuestionQueue, type QuestionQueue, type ScheduledQuestion } from './questions'
import { createRemember, gateEvent, type Remember, type RememberedMoment, soundOf } from './remember'
import { createStopwatch, type Stopwatch } from './stopwatch'

/** The parts of a pipeline and how it runs. */
export interface PerStreamOptions extends PerStreamParts, PipelineConfigOptions, CallOptions {
  /** The id that evidence and progress name. Default: the source's location, without password. */
  readonly sourceId?: string | undefined
  /** When the recording began, where the source does not know or is wrong. */
  readonly recordedAt?: Date | undefined
  /**
   * Keeps the memory below so many bytes while the stream is watched: what goes, goes in the batch of the write that needs the room. A
   * memory that is larger is reduced first. It must be a `Reducible`, as graphs of `createMemoryGraph` are; one stream governs it at a time.
   */
  readonly budget?: MemoryBudget | undefined
  /**
   * First second whose sound is listened to, where no later one was heard before. Default: the first one the source was
   * opened for. It may lie before what the frames go on from: how far a source was heard is stored by itself.
   */
  readonly hearFrom?: number | undefined
  /** Asked as the stream passes their second, or at its end. */
  readonly questions?: readonly ScheduledQuestion[] | undefined
  /** Sees each keyframe while its pixels can be had. */
  readonly onKeyframe?: ((keyframe: Keyframe) => void | Promise<void>) | undefined
  /** The clock, in milliseconds since 1970 UTC. Default: `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** How a question is asked by hand. */
export interface AskOptions extends CallOptions {
  /** Answers from what the source had shown until this second, inclusive. Default: all that is stored. */
  readonly atSeconds?: number | undefined
}

/**
 * A running memory of one source. Iterate it once: the run goes as fast as its events are taken, and leaving the loop
 * frees the source. What was stored stays stored.
 */
export interface PerStream extends AsyncIterable<PerStreamEvent> {
  /** Answers a question from the memory as it is now; at any time. */
  ask(question: string, options?: AskOptions): Promise<Answer>
}

/**
 * Composes the parts into a run: keyframes, moments, captions, gate, memory, answers and speech.
 * @throws PerStreamError `pipeline-incompatible` when parts do not fit together; while it is iterated, `budget-exceeded` when a moment does
 * not fit into the budget: what was stored before stays stored
 * @throws TypeError for parameters out of range
 */
export function createPerStream(options: PerStreamOptions): PerStream {
  checkParts(options)
  if (options.budget) checkBudget(options.memory, options.budget)
  const run = createRun(options)
  const events = runEvents(run)
  return {
    ask: (question, askOptions) => ask(run, question, askOptions),
    [Symbol.asyncIterator]: () => events,
  }
}

/** What the steps of one run share. */
interface Run {
  readonly parts: PerStreamOptions
  readonly config: PipelineConfig
  readonly source: string
  readonly startedAt: Date | undefined
  readonly stopwatch: Stopwatch
  readonly questions: QuestionQueue
  readonly remember: Remember
  readonly shortTerm: Fifo<PatchGrid>
  readonly now: () => number
  /** Events that came up inside a stage and wait to be told. */
  readonly pending: PerStreamEvent[]
  /** What went for the budget and waits to be told. */
  readonly reductions: ReductionReport[]
  /** What went for it in all, as far as it was told. */
  reduced: ReductionTotals
  framesKept: number
  memoriesStored: number
  /** The last second that was stored. */
  seconds: number
  /** The last second that was looked at. */
  lookedAt: number
}

function createRun(parts: PerStreamOptions): Run {
  const config = resolveConfig({
    gammaThreshold: parts.gammaThreshold,
    deltaDfsThreshold: parts.deltaDfsThreshold,
    bufferSize: parts.bufferSize,
    poolSize: parts.poolSize,
    topK: parts.topK,
    queueSize: parts.queueSize,
  })
  const stopwatch = createStopwatch()
  const source = parts.sourceId ?? redactPasswords(parts.source.location)
  const startedAt = parts.recordedAt ?? parts.source.startedAt
  return {
    parts,
    config,
    source,
    startedAt,
    stopwatch,
    questions: createQuestionQueue(parts.questions ?? []),
    remember: createRemember(parts, { config, stopwatch, source, startedAt: startedAt?.getTime() }),
    shortTerm: createFifo(config.queueSize),
    now: parts.now ?? Date.now,
    pending: [],
    reductions: [],
    reduced: nothingReduced,
    framesKept: 0,
    memoriesStored: 0,
    seconds: 0,
    lookedAt: 0,
  }
}

async function* runEvents(run: Run): AsyncGenerator<PerStreamEvent, void, void> {
  const { parts, source } = run
  const { signal } = parts
  yield startedEvent(run)
  let hearing: Hearing | undefined
  try {
    using _kept = await governed(run)
    yield* reducedEvents(run)
    hearing = startHearing(run)
    const moments = groupMoments(keyframesOf(run), {
      bufferSize: run.config.bufferSize,
      onKeyframe: (keyframe) => keptKeyframe(run, keyframe),
      encode: encoderOf(run),
      decide: patchGateOf(run),
    })
    const captioned = parts.caption.caption(moments, { source, signal })
    for await (const moment of run.stopwatch.timeEach('reading and captions', captioned)) {
      yield* take(run.pending)
      try {
        yield* live(run, moment, hearing)
      } finally {
        releaseKeyframes(moment.keyframes)
      }
    }
    yield* take(run.pending)
    if (run.lookedAt > run.seconds) await acknowledgeEnd(run)
    yield* hear(run, hearing, Number.POSITIVE_INFINITY)
    if (hearing?.ended !== undefined) await acknowledgeSound(run, hearing.ended)
    yield* reducedEvents(run)
    for (const item of run.questions.rest())
      yield answeredEvent(item, await ask(run, item.question, { signal, ...at(item) }))
  } finally {
    await hearing?.close()
    await parts.source[Symbol.asyncDispose]()
  }
  yield finishedEvent(run)
}

/** Begins to listen to the source from where it was heard before; a source without sound is told of. */
function startHearing({ parts, source, pending }: Run): Hearing | undefined {
  const { speech, signal, hearFrom, memory } = parts
  if (!speech) return undefined
  const { audio } = parts.source
  if (!audio) {
    const location = redactPasswords(parts.source.location)
    const message = `${location} has no sound that can be listened to: only its pictures are remembered.`
    pending.push({ type: 'warning', code: 'sound-missing', message, fields: { location } })
    return undefined
  }
  const heard = memory.progress(soundOf(source))?.seconds
  const start = heard === undefined ? hearFrom : Math.max(heard, hearFrom ?? 0)
  return createHearing({ speech, audio: (options) => audio.call(parts.source, options), start, signal })
}

/** Stores what was said until a second, each sentence by itself; returns what became of them. */
async function* hear(
  run: Run,
  hearing: Hearing | undefined,
  until: number,
): AsyncGenerator<PerStreamEvent, RememberedMoment[], void> {
  const { signal } = run.parts
  const remembered: RememberedMoment[] = []
  if (!hearing) return remembered
  for await (const sentence of run.stopwatch.timeEach('hearing', hearing.until(until))) {
    const stored = await run.remember.sentence(sentence, { signal })
    count(run, stored)
    remembered.push(stored)
    yield* stored.events
    yield* reducedEvents(run)
  }
  return remembered
}

function count(run: Run, { results }: RememberedMoment): void {
  run.memoriesStored += results.filter(({ outcome }) => outcome === 'created').length
}

/** What follows the last sentence was listened to as well. */
async function acknowledgeSound({ parts, source }: Run, seconds: number): Promise<void> {
  const progress = { source: soundOf(source), seconds }
  if ((parts.memory.progress(progress.source)?.seconds ?? Number.NEGATIVE_INFINITY) >= seconds) return
  await parts.memory.create([], { signal: parts.signal, progress })
}

/** Keeps the budget until it is disposed, where there is one. */
async function governed({ parts, reductions }: Run): Promise<Disposable | undefined> {
  const { memory, budget, signal } = parts
  if (!budget) return undefined
  const onReduced = (report: ReductionReport) => reductions.push(report)
  return keepBudget(memory as typeof memory & Reducible, budget, { onReduced, signal })
}

/** What went since the last look. */
function* reducedEvents(run: Run): Generator<PerStreamEvent, void, void> {
  for (const report of run.reductions.splice(0)) {
    run.reduced = plus(run.reduced, report)
    yield { type: 'reduced', seconds: run.seconds, reason: 'budget', budget: run.parts.budget!.bytes, report }
  }
}

/** The frames after the last keyframe were looked at too. */
async function acknowledgeEnd(run: Run): Promise<void> {
  run.seconds = run.lookedAt
  const progress = { source: run.source, seconds: run.seconds }
  await run.parts.memory.create([], { signal: run.parts.signal, progress })
}

/** One moment, with what was said until it ended: stored, considered for speech, and asked about. */
async function* live(
  run: Run,
  moment: CaptionedMoment,
  hearing: Hearing | undefined,
): AsyncGenerator<PerStreamEvent, void, void> {
  const { signal } = run.parts
  const end = moment.keyframes.at(-1)?.frame.seconds ?? run.seconds
  const said = yield* hear(run, hearing, end)
  for (const grid of moment.grids ?? []) run.shortTerm.push(grid)
  const remembered = await run.remember.moment(moment, { signal })
  count(run, remembered)
  run.seconds = end
  yield* remembered.events
  yield* reducedEvents(run)
  if (run.parts.speak) yield speechEvent(await consider(run, moment, [...said, remembered]), run.seconds)
  yield { type: 'progress', seconds: run.seconds, acknowledged: run.seconds }
  for (const item of run.questions.due(run.seconds))
    yield answeredEvent(item, await ask(run, item.question, { signal, ...at(item) }))
}

function keyframesOf(run: Run): AsyncIterable<Keyframe> {
  const { parts, stopwatch } = run
  const frames = mapAsync(parts.source, (frame) => {
    run.lookedAt = frame.seconds
    return frame
  })
  const keyframes = parts.keyframes.select(frames, { signal: parts.signal })
  return stopwatch.timeEach('decoding and keyframes', keyframes, 'reading and captions')
}

async function keptKeyframe(run: Run, keyframe: Keyframe): Promise<void> {
  const { frame, reason, motion, sharpness } = keyframe
  run.framesKept++
  run.pending.push({ type: 'frame-kept', frame: frame.index, seconds: frame.seconds, reason, motion, sharpness })
  await run.parts.onKeyframe?.(keyframe)
}

function encoderOf({ parts, stopwatch }: Run): ((keyframes: readonly Keyframe[]) => Promise<PatchGrid[]>) | undefined {
  const { vision, signal } = parts
  if (!vision) return undefined
  const encode = (keyframes: readonly Keyframe[]) =>
    vision.encode(
      keyframes.map(({ frame }) => frame),
      { signal },
    )
  return (keyframes) => stopwatch.time('vision', () => encode(keyframes), 'reading and captions')
}

/** With a projection the gate reads the patches of a moment, all its frames together. */
function patchGateOf(
  run: Run,
): ((grids: readonly PatchGrid[], keyframes: readonly Keyframe[]) => Promise<GateDecision>) | undefined {
  const { projection, gate, signal } = run.parts
  if (!projection) return undefined
  return async (grids, keyframes) => {
    const patches = await Promise.all(grids.map((grid) => projection.project(grid, { signal })))
    const decision = gate.decide(patches.flat())
    run.pending.push(gateEvent(decision, keyframes[0]?.frame.seconds ?? 0, null))
    return decision
  }
}

/** Asks the policy whether to speak, with what the memory held before this moment. */
async function consider(run: Run, moment: Moment, remembered: readonly RememberedMoment[]) {
  const { speak, memory, signal } = { ...run.parts }
  const captions = remembered.flatMap((part) => part.captions)
  const results = remembered.flatMap((part) => part.results)
  const request = { moment, captions: captions.map(({ caption }) => caption), seconds: run.seconds, now: run.now() }
  const memories = await run.stopwatch.time('speaking', async (): Promise<RetrievedMemory[]> => {
    if (captions.length === 0) return []
    return memory.retrieve(
      {
        text: request.captions.map(({ text }) => text).join('\n'),
        vector: normalize(mean(captions.map(({ vector }) => vector))),
        space: run.parts.text.space,
        limit: run.config.topK,
        activation: run.config.deltaDfsThreshold,
        exclude: results.map(({ id }) => id),
        touch: false,
      },
      { signal },
    )
  })
  return run.stopwatch.time('speaking', () => speak!.consider({ ...request, memories }, { signal }))
}

async function ask(run: Run, question: string, { atSeconds, signal }: AskOptions = {}): Promise<Answer> {
  const { memory, answer, text } = run.parts
  const until = atSeconds === undefined ? undefined : { source: run.source, seconds: atSeconds }
  return run.stopwatch.time('answers', async () => {
    const [vector] = await encodeAll(text, [question], { signal })
    const memories = await memory.retrieve(
      {
        text: question,
        vector,
        space: text.space,
        limit: run.config.topK,
        activation: run.config.deltaDfsThreshold,
        until,
      },
      { signal },
    )
    const moment = {
      now: run.now(),
      source: run.source,
      seconds: atSeconds ?? run.seconds,
      shortTerm: run.shortTerm.values,
    }
    const known = until ? memories.filter(({ memory: item }) => !isUnfinished(item, until)) : memories
    const grid = memory.grid?.bind(memory)
    return collectAnswer(answer.answer({ question, memories: known, moment, grid }, { signal }))
  })
}

/** Whether a memory is a sentence that was not yet said to its end: what is seen is known at once, what is said is not. */
function isUnfinished({ origin, evidence }: Memory, { source, seconds }: SourceProgress): boolean {
  return origin === 'said' && evidence.every((item) => item.source === source && item.endSeconds >= seconds)
}

function at({ atSeconds }: ScheduledQuestion): { atSeconds?: number } {
  return atSeconds === undefined ? {} : { atSeconds }
}

function* take(pending: PerStreamEvent[]): Generator<PerStreamEvent, void, void> {
  yield* pending.splice(0)
}

function startedEvent({ parts, source, startedAt }: Run): PerStreamEvent {
  const { location, duration, width, height } = parts.source
  return {
    type: 'started',
    source,
    location: redactPasswords(location),
    startedAt: startedAt?.toISOString() ?? null,
    duration: duration ?? null,
    width,
    height,
  }
}

function speechEvent(speech: Awaited<ReturnType<typeof consider>>, seconds: number): PerStreamEvent {
  return speech.kind === 'spoke'
    ? { type: 'spoke', seconds, text: speech.text, citations: speech.citations }
    : { type: 'stayed-silent', seconds, reason: speech.reason }
}

function answeredEvent({ question, atSeconds }: ScheduledQuestion, answer: Answer): PerStreamEvent {
  return { type: 'answered', question, seconds: atSeconds ?? null, ...answer }
}

function finishedEvent({ parts, seconds, framesKept, memoriesStored, reduced, stopwatch }: Run): PerStreamEvent {
  return {
    ...{ type: 'finished', seconds, framesKept, memoriesStored },
    reduced: parts.budget ? reduced : null,
    parts: stopwatch.seconds(),
  }
}
