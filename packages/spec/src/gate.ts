/** One kind of thing worth remembering. */
export interface MemoryCategory {
  /** Stable key: 'name', 'schedule' ... */
  readonly key: string
  /** The group it is shown under. */
  readonly group: string
  /** What belongs here, in words that a text encoder can place. */
  readonly description: string
  /** A few sentences that belong here, as they may come from a caption. The calibrated gate learns from them. */
  readonly examples?: readonly string[] | undefined
}

/** How the gate scores. See `@perstream/gate`. */
export type GateMode = 'relative' | 'absolute' | 'per-patch' | 'calibrated'

/** What the gate says of one moment. */
export interface GateDecision {
  readonly remember: boolean
  /** In the unit of `mode`; NaN when the input had no direction, and then `remember` is false. */
  readonly score: number
  /** Remembered when `score > threshold`, strictly. */
  readonly threshold: number
  readonly mode: GateMode
  /** The best category, also when not remembered. */
  readonly category: string
}

/** What the gate may compare with besides its categories. */
export interface GateContext {
  /** Vectors of what was stored last, same space: what was just stored is less worth storing again. */
  readonly recent?: readonly Float32Array[] | undefined
}

/** Decides whether vectors of one moment (patches, or the one vector of a caption) are worth remembering. */
export interface RememberGate {
  /** The embedding space its categories live in. */
  readonly space: string
  readonly mode: GateMode
  readonly threshold: number
  readonly categories: readonly MemoryCategory[]
  /** @throws TypeError when a vector's length is not the space's. */
  decide(vectors: readonly Float32Array[], context?: GateContext): GateDecision
}
