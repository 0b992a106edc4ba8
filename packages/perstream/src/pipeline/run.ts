import type { ReductionReport } from '@perstream/reduction'
import type { PatchGrid } from '@perstream/spec'
import { redactPasswords } from '../redact'
import { nothingReduced, type ReductionTotals } from './budget'
import { type PipelineConfig, resolveConfig } from './config'
import type { PerStreamEvent } from './events'
import { createFifo, type Fifo } from './fifo'
import type { PerStreamOptions } from './options'
import { createQuestionQueue, type QuestionQueue } from './questions'
import { createRemember, type Remember } from './remember'
import { createStopwatch, type Stopwatch } from './stopwatch'

/** What the steps of one run share. */
export interface Run {
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

/** Begins a run. @throws TypeError for parameters out of range */
export function createRun(parts: PerStreamOptions): Run {
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
