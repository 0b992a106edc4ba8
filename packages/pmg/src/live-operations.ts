import type { MemoryOperation } from '@perstream/spec'

/**
 * Folds operations into those that still count: the last of each record, without what was deleted. Replaying the fold gives the same
 * state as replaying everything.
 */
export class LiveOperations {
  readonly #byRecord = new Map<string, MemoryOperation>()

  apply(operation: MemoryOperation): void {
    const key = recordKey(operation)
    switch (operation.type) {
      case 'reset':
        this.#byRecord.clear()
        return
      case 'memory-delete':
      case 'entity-delete':
      case 'relation-delete':
        this.#byRecord.delete(key)
        if (operation.type === 'memory-delete') this.#byRecord.delete(visitsKey(operation.id))
        return
      case 'memory-put':
        this.#byRecord.set(key, withStored(operation, this.#byRecord.get(key)))
        return
      case 'visit-put':
        if (this.#byRecord.has(memoryKey(operation.id))) this.#byRecord.set(key, operation)
        return
      default:
        this.#byRecord.set(key, operation)
    }
  }

  /** The operations in an order in which each finds what it points to. */
  list(): MemoryOperation[] {
    const all = [...this.#byRecord.values()]
    return order.flatMap((type) => all.filter((operation) => operation.type === type))
  }
}

const order = ['space', 'progress', 'entity-put', 'relation-put', 'memory-put', 'visit-put'] as const

type MemoryPut = Extract<MemoryOperation, { type: 'memory-put' }>

/** A put with what it leaves as it is stored. */
function withStored(operation: MemoryPut, before: MemoryOperation | undefined): MemoryPut {
  if (before?.type !== 'memory-put') return operation
  const embedding = operation.memory.space === undefined ? undefined : (operation.embedding ?? before.embedding)
  const versions = operation.versions ?? before.versions
  return { ...operation, ...(embedding && { embedding }), ...(versions && { versions }) }
}

function recordKey(operation: MemoryOperation): string {
  switch (operation.type) {
    case 'memory-put':
      return memoryKey(operation.memory.id)
    case 'memory-delete':
      return memoryKey(operation.id)
    case 'visit-put':
      return visitsKey(operation.id)
    case 'entity-put':
      return `entity\0${operation.entity.id}`
    case 'entity-delete':
      return `entity\0${operation.id}`
    case 'relation-put':
      return `relation\0${operation.relation.id}`
    case 'relation-delete':
      return `relation\0${operation.id}`
    case 'progress':
      return `progress\0${operation.progress.source}`
    default:
      return operation.type
  }
}

function memoryKey(id: string): string {
  return `memory\0${id}`
}

function visitsKey(id: string): string {
  return `visits\0${id}`
}
