/** A memory that questions are asked about. */
export interface SetMemory {
  readonly id: string
  readonly text: string
  /** When it was learned. Milliseconds since 1970 UTC. Absent in sets that tell no time. */
  readonly at?: number | undefined
}

/** A question, and the memories that answer it. */
export interface SetQuestion {
  readonly id: string
  readonly text: string
  /** Milliseconds since 1970 UTC: what was learned at that instant or later is not asked. */
  readonly askedAt?: number | undefined
  /** Ids; empty for what was never seen: such a question warms a memory up, and is not measured. */
  readonly relevant: readonly string[]
  /** Whether recall is the share of the relevant that is found ('all'), or 1 when one of them is ('any'). */
  readonly needs: 'any' | 'all'
}

/** One memory, as it is when some questions have been asked, and the others that it is measured by. */
export interface Trial {
  readonly memories: readonly SetMemory[]
  /** IANA name of the zone that times in questions are read in. */
  readonly zone?: string | undefined
  /** Asked before anything goes: what they find is warm. None of them is measured in this trial. */
  readonly warming: readonly SetQuestion[]
  readonly measured: readonly SetQuestion[]
}

/** Trials whose results are told as one. A question that is measured in several trials counts once, with its mean. */
export interface QuestionSet {
  readonly name: string
  /** What was asked beforehand, in words. */
  readonly warmedBy: string
  readonly trials: readonly Trial[]
}
