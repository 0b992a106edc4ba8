import type { TensorHandle } from '@perstream/spec'

/** Keys and values of the tokens that a decoder has read. Never changed: every step makes a new one. */
export interface KeyValueCache {
  /** How many tokens it holds. */
  readonly length: number
  /** By the name of the input that takes it (`past_key_values.0.key`); empty before the first token. */
  readonly handles: ReadonlyMap<string, TensorHandle>
}

/** The cache of no token. */
export const emptyCache: KeyValueCache = { length: 0, handles: new Map() }

/** Frees what a cache holds. */
export function disposeCache({ handles }: KeyValueCache): void {
  for (const handle of handles.values()) handle[Symbol.dispose]()
}
