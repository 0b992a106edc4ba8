/** Everything the report of a run shows: plain data that survives JSON. Seconds are seconds in the source. */
export interface ReportData {
  readonly title: string
  readonly source: ReportSource
  /** Where the memory is stored, when it is. */
  readonly store?: string | undefined
  /** The version of perstream that made the run. */
  readonly createdWith: string
  readonly settings: Readonly<Record<string, string | number | boolean>>
  /** In order of time. */
  readonly keyframes: readonly ReportKeyframe[]
  /** One a gate decision, in order of time. */
  readonly gate: readonly ReportGateDecision[]
  readonly memories: readonly ReportMemory[]
  readonly graph: ReportGraph
  /** In order of time. */
  readonly speech: readonly ReportSpeech[]
  readonly answers: readonly ReportAnswer[]
  readonly warnings: readonly ReportWarning[]
  /** What went so that the memory stayed within its budget, in order of time; absent: there was no budget. */
  readonly reductions?: readonly ReportReduction[] | undefined
  /** Parts of the run by wall time; shares of 0..1 that sum to at most 1. */
  readonly parts: readonly ReportPart[]
  readonly speed: ReportSpeed
}

/** What was watched. */
export interface ReportSource {
  readonly location: string
  readonly durationSeconds?: number | undefined
  /** Pixels, as shown (rotation applied). */
  readonly width: number
  readonly height: number
  /** When it was recorded, ISO 8601; undefined: unknown, and the page says so. */
  readonly startedAt?: string | undefined
}

/** A frame that was kept. */
export interface ReportKeyframe {
  readonly seconds: number
  /** True frame number. */
  readonly frame: number
  readonly reason: string
  /** Mean motion in pixels; 0 when not measured. */
  readonly motion: number
  /** Variance of the Laplacian; 0 when not measured. */
  readonly sharpness: number
  /** A `data:image/` URL; 320 to 640 pixels wide looks right. */
  readonly thumbnail?: string | undefined
}

/** What the remember gate said of one caption. */
export interface ReportGateDecision {
  readonly seconds: number
  /** NaN when the caption had no direction. */
  readonly score: number
  readonly threshold: number
  readonly remember: boolean
  readonly category: string
  readonly text: string
}

/** Where in the source something was seen; inclusive at both ends. */
export interface ReportEvidence {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly frames: readonly number[]
}

/** A stored memory. */
export interface ReportMemory {
  readonly id: string
  readonly text: string
  readonly category: string
  /** The group its category belongs to. */
  readonly group: string
  /** 'read', 'seen', 'said', 'described' or 'told'. */
  readonly origin: string
  /** 0..1. */
  readonly confidence: number
  readonly evidence: readonly ReportEvidence[]
  /** 'created', 'extended' or 'revised'. */
  readonly outcome: string
  /** Index into `keyframes`. */
  readonly thumbnail?: number | undefined
}

/** Entities and relations; the links from memories to categories and entities are drawn from the rest of the data. */
export interface ReportGraph {
  readonly entities: readonly ReportEntity[]
  readonly relations: readonly ReportRelation[]
}

/** A thing, person or place the memories speak of. */
export interface ReportEntity {
  readonly id: string
  readonly label: string
  /** How many relations it takes part in. */
  readonly degree: number
}

/** A relation of two entities, and the memories it rests on. */
export interface ReportRelation {
  /** Id of an entity. */
  readonly source: string
  /** Id of an entity. */
  readonly target: string
  readonly predicate: string
  readonly memoryIds: readonly string[]
}

/** A moment at which it spoke up, or chose not to. */
export interface ReportSpeech {
  readonly seconds: number
  readonly kind: 'spoke' | 'silent'
  /** What was said. */
  readonly text?: string | undefined
  /** Why it stayed silent. */
  readonly reason?: string | undefined
}

/** A question and what was answered. */
export interface ReportAnswer {
  readonly question: string
  /** Undefined: asked at the end. */
  readonly askedAtSeconds?: number | undefined
  /** False when no memory carries an answer. */
  readonly answerable: boolean
  readonly text: string
  readonly citations: readonly ReportCitation[]
}

/** A memory that carries an answer. */
export interface ReportCitation {
  readonly memoryId: string
  readonly text: string
  readonly evidence: readonly ReportEvidence[]
}

/** Something that went wrong without ending the run. */
export interface ReportWarning {
  readonly code: string
  readonly message: string
  readonly seconds?: number | undefined
}

/** What went for the budget at once. */
export interface ReportReduction {
  readonly seconds: number
  /** What went, and how large the memory was before and after. */
  readonly message: string
}

/** A part of the run and its share of the time. */
export interface ReportPart {
  readonly name: string
  /** 0..1. */
  readonly share: number
}

/** How long the source is, and how long watching it took. */
export interface ReportSpeed {
  readonly sourceSeconds: number
  readonly wallSeconds: number
}
