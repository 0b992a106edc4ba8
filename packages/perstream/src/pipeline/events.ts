import type { ReductionReport } from '@perstream/reduction'
import type {
  Answer,
  Citation,
  CreateResult,
  Evidence,
  GateDecision,
  KeyframeReason,
  MemoryInput,
  Warning,
} from '@perstream/spec'
import type { ReductionTotals } from './budget'

/** What a run tells, in order of the stream. Seconds are seconds of the source. Every event can be written as JSON. */
export type PerStreamEvent =
  | {
      readonly type: 'started'
      readonly source: string
      readonly location: string
      /** ISO 8601, or null: when the recording began is not known. */
      readonly startedAt: string | null
      readonly duration: number | null
      readonly width: number
      readonly height: number
    }
  | {
      readonly type: 'frame-kept'
      readonly frame: number
      readonly seconds: number
      readonly reason: KeyframeReason
      readonly motion: number
      readonly sharpness: number
    }
  | GateEvent
  | {
      readonly type: 'memory-stored'
      readonly id: string
      readonly outcome: CreateResult['outcome']
      readonly seconds: number
      readonly text: string
      readonly category: string
      readonly origin: MemoryInput['origin']
      readonly confidence: number
      /** Where this was seen; a memory it extends or revises may have more. */
      readonly evidence: readonly Evidence[]
    }
  | { readonly type: 'spoke'; readonly seconds: number; readonly text: string; readonly citations: readonly Citation[] }
  | { readonly type: 'stayed-silent'; readonly seconds: number; readonly reason: string }
  | ({ readonly type: 'answered'; readonly question: string; readonly seconds: number | null } & Answer)
  | { readonly type: 'progress'; readonly seconds: number; readonly acknowledged: number }
  | {
      readonly type: 'reduced'
      readonly seconds: number
      /** Why something had to go. */
      readonly reason: 'budget'
      /** Live bytes that the memory may take. */
      readonly budget: number
      readonly report: ReductionReport
    }
  | ({ readonly type: 'warning' } & Warning)
  | {
      readonly type: 'finished'
      readonly seconds: number
      readonly framesKept: number
      readonly memoriesStored: number
      /** What went for the budget, or null: there was none. */
      readonly reduced: ReductionTotals | null
      /** Wall time by part of the run, in seconds. */
      readonly parts: Readonly<Record<string, number>>
    }

/** What the gate said of one caption, or of a moment's patches. */
export type GateEvent = {
  readonly type: 'gate-passed' | 'gate-refused'
  readonly seconds: number
  readonly text: string | null
} & Omit<GateDecision, 'remember'>
