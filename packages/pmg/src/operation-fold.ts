import type { MemoryOperation } from '@perstream/spec'
import { operationKey, operationKeys, type PutType, putTypes } from './journal-keys'

type Put = Extract<MemoryOperation, { type: PutType }>

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
  const embedding = put.embedding ?? (put.memory.space === undefined ? undefined : before.embedding)
  const versions = put.versions ?? before.versions
  return { ...put, ...(embedding && { embedding }), ...(versions && { versions }) }
}
