import type { MemoryOperation } from '@perstream/spec'
import { roundedEmbedding } from './embedding-codec'
import { operationKey, operationKeys, type PutType, putTypes } from './journal-keys'
import { losesRecords, type MemoryReduction, reducedMemory } from './reduced-memory'

type Put = Extract<MemoryOperation, { type: PutType }>
type MemoryPut = Extract<MemoryOperation, { type: 'memory-put' }>

/**
 * Folds operations into those that still count: the last of each record, without what was deleted. Records do not depend on each
 * other, so that some of them can be folded without the rest.
 */
export class OperationFold {
  readonly #puts = new Map<string, Put>()
  /** Memories that were deleted, and not put again: what still comes for them is dropped. */
  readonly #gone = new Set<string>()

  apply(operation: MemoryOperation): void {
    switch (operation.type) {
      case 'reset':
        this.#puts.clear()
        this.#gone.clear()
        return
      case 'memory-delete':
      case 'entity-delete':
      case 'relation-delete':
        for (const key of operationKeys(operation)) this.#puts.delete(key)
        if (operation.type === 'memory-delete') this.#gone.add(operation.id)
        return
      case 'memory-reduce':
        for (const key of operationKeys(operation)) this.#reduce(key, operation)
        return
      case 'visit-put':
        if (!this.#gone.has(operation.id)) this.#puts.set(operationKey(operation), operation)
        return
      default: {
        if (operation.type === 'memory-put') this.#gone.delete(operation.memory.id)
        const key = operationKey(operation)
        this.#puts.set(key, completed(operation, this.#puts.get(key)))
      }
    }
  }

  /** What is not there is passed over. */
  #reduce(key: string, reduction: MemoryReduction): void {
    const put = this.#puts.get(key)
    if (put?.type === 'memory-put') this.#puts.set(key, reduced(put, reduction))
  }

  /** The operations in an order in which each finds what it points to. */
  list(): Put[] {
    const byType = new Map<PutType, Put[]>(putTypes.map((type) => [type, []]))
    for (const put of this.#puts.values()) byType.get(put.type)!.push(put)
    return [...byType.values()].flat()
  }
}

/** A memory that comes without embedding or versions keeps those that are stored. */
function completed(put: Put, before: Put | undefined): Put {
  if (put.type !== 'memory-put' || before?.type !== 'memory-put') return put
  const embedding = put.embedding ?? keptEmbedding(put, before)
  const versions = put.versions ?? before.versions
  return { ...put, ...(embedding && { embedding }), ...(versions && { versions }) }
}

/** The one that is stored, in the precision that the memory names now. */
function keptEmbedding(
  { memory }: Pick<MemoryPut, 'memory'>,
  { memory: before, embedding }: MemoryPut,
): Float32Array | undefined {
  const { space, embeddingPrecision: precision } = memory
  if (space === undefined || !embedding) return undefined
  return precision === before.embeddingPrecision ? embedding : roundedEmbedding(embedding, precision ?? 'f32')
}

function reduced(put: MemoryPut, reduction: MemoryReduction): MemoryPut {
  const memory = reducedMemory(put.memory, reduction)
  if (memory === put.memory) return put
  const { embedding: _, relations, versions, ...rest } = put
  const embedding = keptEmbedding({ memory }, put)
  return {
    ...{ ...rest, memory },
    ...(embedding && { embedding }),
    ...(!losesRecords(reduction) && { ...(relations && { relations }), ...(versions && { versions }) }),
  }
}
