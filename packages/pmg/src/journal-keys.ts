import type { MemoryOperation } from '@perstream/spec'

/** Kinds of operations that say what is, in the order in which each finds what it points to. */
export const putTypes = ['space', 'progress', 'entity-put', 'relation-put', 'memory-put', 'visit-put'] as const

/** A kind of operation that says what is; the others take away. */
export type PutType = (typeof putTypes)[number]

const types: ReadonlySet<unknown> = new Set([...putTypes, 'memory-delete', 'entity-delete', 'relation-delete'])

/** Says whether a value is an operation that a store may hold, as far as its type goes. */
export function isStoredOperation(value: { readonly type?: unknown } | null | undefined): value is MemoryOperation {
  return types.has(value?.type)
}

/** Names the records that an operation concerns: one, but for a memory that is deleted, which takes its visits along. */
export function operationKeys(operation: MemoryOperation): readonly string[] {
  switch (operation.type) {
    case 'memory-put':
      return [`m${operation.memory.id}`]
    case 'visit-put':
      return [`v${operation.id}`]
    case 'memory-delete':
      return [`m${operation.id}`, `v${operation.id}`]
    case 'entity-put':
      return [`e${operation.entity.id}`]
    case 'entity-delete':
      return [`e${operation.id}`]
    case 'relation-put':
      return [`r${operation.relation.id}`]
    case 'relation-delete':
      return [`r${operation.id}`]
    case 'progress':
      return [`p${operation.progress.source}`]
    case 'space':
      return ['s']
    case 'reset':
      return []
  }
}

/** A number for a key, 32 bits: different keys may have the same. FNV-1a over UTF-16 code units. */
export function keyHash(key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
