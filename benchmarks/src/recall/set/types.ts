/** What a question tests. How many there are of each: see `index.ts`. */
export type RecallKind = 'fact' | 'current' | 'past' | 'time' | 'place' | 'alias' | 'unseen'

/** One thing the person saw, heard, read, did or was told. */
export interface RecallMemory {
  /** 'm001' to 'm300', in the order of `at`. */
  readonly id: string
  /** When it was learnt: ISO 8601 with the offset the zone had at that instant. */
  readonly at: string
  /** What a first-person pipeline would store. */
  readonly text: string
}

/** One question, and what answers it. A system is given `text` and `askedAt`, nothing else. */
export interface RecallQuestion {
  /** 'q001' to 'q100'. */
  readonly id: string
  readonly kind: RecallKind
  /** ISO 8601 with offset. No memory learnt at or after this instant may be used. */
  readonly askedAt: string
  readonly text: string
  /**
   * Ids of the memories learnt before `askedAt` that each give the right answer alone; for kind 'time' all that belong to
   * the answer. One to five; empty when there is no answer.
   */
  readonly relevant: readonly string[]
  /** Whether a memory known at `askedAt` answers it. */
  readonly answerable: boolean
  /** Kind 'unseen' only: something alike was seen, but not this. */
  readonly nearMiss?: true | undefined
  /** Kind 'past' only: an instant the question is about. For the reader; no system gets it. */
  readonly asOf?: string | undefined
  /** Why the answer is what it is, where a reader could doubt. */
  readonly note?: string | undefined
}

/** A person's memories and the questions asked about them. */
export interface RecallSet {
  /** IANA name of the time zone the person lives in: days, evenings and weeks are read in it. */
  readonly zone: string
  /** Whose memories they are. */
  readonly person: string
  /** Oldest first. */
  readonly memories: readonly RecallMemory[]
  /** Grouped by kind. */
  readonly questions: readonly RecallQuestion[]
}
