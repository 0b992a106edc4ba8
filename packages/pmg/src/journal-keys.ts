import { granularities, precisions } from '@perstream/kit'
import type { MemoryBatch, MemoryOperation } from '@perstream/spec'

/** Kinds of operations that say what is, in the order in which each finds what it points to. */
export const putTypes = ['space', 'progress', 'entity-put', 'relation-put', 'memory-put', 'visit-put'] as const

/** A kind of operation that says what is; the others take away. */
export type PutType = (typeof putTypes)[number]

/** What an operation concerns: a memory, the visits of one, an entity, a relation, the progress of a source, the space. */
const letters = {
  'memory-put': 'm',
  'memory-delete': 'm',
  'visit-put': 'v',
  'entity-put': 'e',
  'entity-delete': 'e',
  'relation-put': 'r',
  'relation-delete': 'r',
  progress: 'p',
  space: 's',
  'memory-reduce': 'x',
} as const

type Reduction = Extract<MemoryOperation, { type: 'memory-reduce' }>

/** Says whether a value is an operation that a store may hold: a reduction in all its fields, others as far as their type goes. */
export function isStoredOperation(value: { readonly type?: unknown } | null | undefined): value is MemoryOperation {
  if (typeof value?.type !== 'string' || !Object.hasOwn(letters, value.type)) return false
  return value.type !== 'memory-reduce' || isReduction(value)
}

function isReduction({ ids, part, to, at }: Partial<Record<keyof Reduction, unknown>>): boolean {
  const isPrecision = precisions.slice(1).some((each) => each === to)
  return (
    Array.isArray(ids) &&
    ids.every((id) => typeof id === 'string') &&
    granularities.some((each) => each === part) &&
    (to === 'gone' || (isPrecision && part !== 'text')) &&
    typeof at === 'number'
  )
}

/** Says why a store does not take a batch; undefined when it does. @param expected the sequence that comes next */
export function refusalOf({ sequence, operations }: MemoryBatch, expected: number): TypeError | undefined {
  if (sequence !== expected)
    return new TypeError(`batch.sequence is ${sequence}: it must be ${expected}, one more than the last`)
  if (operations.some(({ type }) => type === 'reset'))
    return new TypeError('batch.operations holds a "reset": that is only in what load yields')
  const senseless = operations.findIndex((each) => !isStoredOperation(each))
  if (senseless < 0) return undefined
  return new TypeError(
    `batch.operations[${senseless}] is a "${operations[senseless]?.type}" that no store can hold: see MemoryOperation for its fields`,
  )
}

/** Names the record that an operation concerns; a reduction, which concerns many, has a name of its own. */
export function operationKey(operation: MemoryOperation): string {
  return `${operation.type === 'reset' ? '' : letters[operation.type]}${subjectOf(operation)}`
}

/** Names all records that an operation concerns: a memory that is deleted takes its visits along. */
export function operationKeys(operation: MemoryOperation): readonly string[] {
  if (operation.type === 'memory-reduce') return operation.ids.map((id) => `${letters['memory-put']}${id}`)
  const key = operationKey(operation)
  return operation.type === 'memory-delete' ? [key, `v${operation.id}`] : [key]
}

/** The hash of each of {@link operationKeys}, the first first. */
export function operationHashes(operation: MemoryOperation): readonly number[] {
  if (operation.type === 'memory-reduce') return operation.ids.map(memoryKeyHash)
  const hash = operationHash(operation)
  return operation.type === 'memory-delete' ? [hash, keyHash('v', operation.id)] : [hash]
}

/** The hash that the records of a store have for each reduction. */
export const reductionHash = keyHash(letters['memory-reduce'], '')

/** The hash of {@link operationKey}: 32 bits, FNV-1a over UTF-16 code units. Different keys may have the same. */
export function operationHash(operation: MemoryOperation): number {
  return keyHash(operation.type === 'reset' ? '' : letters[operation.type], subjectOf(operation))
}

/** The hash that the records of a store have for the memory of an id: different ids may have the same. */
export function memoryKeyHash(id: string): number {
  return keyHash(letters['memory-put'], id)
}

function subjectOf(operation: MemoryOperation): string {
  switch (operation.type) {
    case 'memory-put':
      return operation.memory.id
    case 'entity-put':
      return operation.entity.id
    case 'relation-put':
      return operation.relation.id
    case 'progress':
      return operation.progress.source
    case 'space':
    case 'memory-reduce':
    case 'reset':
      return ''
    default:
      return operation.id
  }
}

function keyHash(letter: string, subject: string): number {
  let hash = Math.imul(0x811c9dc5 ^ letter.charCodeAt(0), 0x01000193)
  for (let i = 0; i < subject.length; i++) hash = Math.imul(hash ^ subject.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
