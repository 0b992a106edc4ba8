/** What every asynchronous call takes. */
export interface CallOptions {
  /** Stops the work; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** One report of long work. */
export interface Progress {
  /** What is being done, in plain words: "converting weights". */
  readonly stage: string
  /** Work done so far, in the unit of `total`. */
  readonly done: number
  /** All the work, where it is known. */
  readonly total?: number | undefined
}

/** A part of a run that went wrong without ending it. It is reported, never only logged. */
export interface Warning {
  /** Stable name: 'packet-corrupt', 'file-truncated', 'model-missing' ... */
  readonly code: string
  readonly message: string
  readonly fields?: Readonly<Record<string, unknown>>
}
