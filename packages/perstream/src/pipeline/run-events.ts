import type { ReductionReport } from '@perstream/reduction'
import type { Answer, CaptionedMoment, Reducible, Speech } from '@perstream/spec'
import { redactPasswords } from '../redact'
import { ask } from './ask'
import { keepBudget, plus } from './budget'
import { consider } from './consider'
import type { PerStreamEvent } from './events'
import { createHearing, type Hearing } from './hearing'
import { captionedMoments } from './look'
import { releaseKeyframes } from './moments'
import type { ScheduledQuestion } from './questions'
import { type RememberedMoment, soundOf } from './remember'
import type { Run } from './run'

/** Watches the source of a run and tells what happens, as fast as it is listened to. */
export async function* runEvents(run: Run): AsyncGenerator<PerStreamEvent, void, void> {
  const { parts } = run
  const { signal } = parts
  yield startedEvent(run)
  let hearing: Hearing | undefined
  try {
    using _kept = await governed(run)
    yield* reducedEvents(run)
    hearing = startHearing(run)
    for await (const moment of captionedMoments(run)) {
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

/** The frames after the last keyframe were looked at too. */
async function acknowledgeEnd(run: Run): Promise<void> {
  run.seconds = run.lookedAt
  const progress = { source: run.source, seconds: run.seconds }
  await run.parts.memory.create([], { signal: run.parts.signal, progress })
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

function speechEvent(speech: Speech, seconds: number): PerStreamEvent {
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
