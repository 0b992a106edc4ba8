import { type MemoryBatch, type MemoryStore, PerStreamError } from '@perstream/spec'
import { roundedBatch } from './embedding-codec'
import { countReductions } from './journal-compaction'
import { refusalOf } from './journal-keys'
import { later } from './later'
import { OperationFold } from './operation-fold'

/**
 * Makes a store that lives in memory and is gone with the process. What is deleted is erased at once.
 */
export function createVolatileStore(): MemoryStore {
  let merged: MemoryBatch | undefined
  let batches: MemoryBatch[] = []
  let sequence = 0
  /** Puts that are held, and how many of them reductions concern since the last fold. */
  let [held, reduced] = [0, 0]
  let closed = false
  let folding: ReturnType<typeof setTimeout> | undefined
  const open = () => {
    if (closed) throw new PerStreamError('store-closed', 'the store is closed: open a new one')
  }
  const all = () => (merged ? [merged, ...batches] : batches)
  const fold = () => {
    clearTimeout(folding)
    folding = undefined
    const live = folded(all())
    merged = { sequence, at: all().at(-1)!.at, operations: [{ type: 'reset' }, ...live] }
    batches = []
    held = live.length
    reduced = 0
  }
  return {
    async commit(batch, { signal } = {}) {
      signal?.throwIfAborted()
      open()
      const refusal = refusalOf(batch, sequence + 1)
      if (refusal) throw refusal
      sequence = batch.sequence
      batches.push(roundedBatch(batch))
      held += batch.operations.length
      reduced += countReductions(batch.operations)
      if (batch.operations.some(({ type }) => type === 'memory-delete')) fold()
      // What was reduced is let go as well, but not at once: folding costs what is held.
      else if (reduced > held / 2) folding ??= later(fold, 0)
    },
    async *load(after = 0, { signal } = {}) {
      open()
      for (const batch of all()) {
        signal?.throwIfAborted()
        if (batch.sequence > after) yield batch
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(folding)
      merged = undefined
      batches = []
    },
  }
}

function folded(batches: readonly MemoryBatch[]) {
  const live = new OperationFold()
  for (const { operations } of batches) for (const operation of operations) live.apply(operation)
  return live.list()
}
