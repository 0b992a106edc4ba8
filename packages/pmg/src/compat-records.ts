/** The vectors and words the prototype stores with an object. */
export interface CompatMemory {
  readonly text?: string | undefined
  readonly embedding?: Float32Array | undefined
  readonly mean?: Float32Array | undefined
  readonly nearest?: Float32Array | undefined
}

/** A node of the prototype's graph. An empty vector stands for none, or for one that was reduced. */
export interface CompatNode {
  readonly id: string
  label: string
  readonly category: string
  readonly labelEmbedding: Float32Array
  text: string | undefined
  captionEmbedding: Float32Array
  mean: Float32Array
  nearest: Float32Array
  readonly createdAt: number
  updatedAt: number
}

/** An edge of the prototype's graph; both ends are of one category. */
export interface CompatEdge {
  readonly id: string
  readonly source: string
  readonly target: string
  readonly predicate: string
  /** Counted from 1. */
  readonly sequence: number
  readonly createdAt: number
}
