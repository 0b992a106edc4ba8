import type { CallOptions, MemoryStore } from '@perstream/spec'

/**
 * What a graph derived from the records of a store up to a batch, and the embeddings, which are in the records. Dispose it to close
 * the files.
 */
export interface KeptIndex extends AsyncDisposable {
  /** The last batch it holds: what came after is replayed by `load(sequence)`. */
  readonly sequence: number
  /** By name; bytes at 8-byte aligned offsets of one buffer, so that typed arrays can view them. */
  readonly sections: ReadonlyMap<string, Uint8Array>
  /**
   * Reads the embeddings of the memories of that state, in the order of the parts, some hundred at a time. Memories without one are
   * left out.
   * @throws PerStreamError `store-corrupt` when a byte is not as it was written; `store-changed` when a writer removed a file and the
   * system does not let those read on who had it open (OPFS): read the index again; `store-closed`
   */
  embeddings(options?: CallOptions): AsyncIterable<EmbeddingBlock>
}

/** Embeddings of some memories, all of one length. */
export interface EmbeddingBlock {
  /** `memoryKeyHash` of the memories' ids: different ids may have the same. */
  readonly keys: Uint32Array
  /** One behind the other, as many as keys; a view, good until the next block. */
  readonly vectors: Float32Array
}

/** A store that can keep an index. */
export interface IndexedStore extends MemoryStore {
  /**
   * Reads the index of what is stored, or undefined when there is none that fits. A damaged one is passed over, and reported by the
   * warning `index-ignored`.
   * @throws PerStreamError `store-corrupt` when a file that counts is missing, `store-closed`
   */
  readIndex(options?: CallOptions): Promise<KeptIndex | undefined>
  /**
   * Merges the journal into the parts and keeps an index of exactly that state, in place of one that is there. Batches that are
   * committed meanwhile come after it. When it cannot be written (no room), it is not there, and the warning `index-not-kept` says why.
   * The next merge removes it, and so does the next deletion. Takes the time of a merge, then of writing the sections once.
   * @throws TypeError while a batch that was committed before is not acknowledged
   * @throws PerStreamError `store-read-only`, `store-closed`
   */
  writeIndex(sections: ReadonlyMap<string, Uint8Array>, options?: CallOptions): Promise<void>
}
