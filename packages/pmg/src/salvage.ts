import type { MemoryOperation } from '@perstream/spec'
import type { OperationFold } from './operation-fold'
import { reducedMemory } from './reduced-memory'

type Put = ReturnType<OperationFold['list']>[number]
type MemoryPut = Extract<MemoryOperation, { type: 'memory-put' }>

/** What can be kept of a store that lost some operations, each finding what it points to. */
export interface Salvage {
  readonly operations: readonly MemoryOperation[]
  /** What had to be changed or left out, in words. */
  readonly changes: readonly string[]
}

/** Makes what is left whole in itself: nothing points to what is gone, and nothing stays that no memory supports. */
export function salvage(puts: readonly Put[]): Salvage {
  const changes: string[] = []
  const entities = new Set(puts.flatMap((put) => (put.type === 'entity-put' ? [put.entity.id] : [])))
  const ends = new Map(
    puts.flatMap((put) =>
      put.type === 'relation-put' ? [[put.relation.id, [put.relation.subject, put.relation.object]] as const] : [],
    ),
  )
  for (const [id, both] of ends) if (!both.every((end) => entities.has(end))) ends.delete(id)
  const memories = puts.filter((put) => put.type === 'memory-put').map((put) => mended(put, ends, changes))
  const alive = new Set(memories.map(({ memory }) => memory.id))
  const supported = new Set(memories.flatMap(({ relations }) => relations ?? []))
  const needed = new Set([...supported].flatMap((id) => ends.get(id) ?? []))
  const rest = puts.filter((put) => {
    if (put.type === 'memory-put') return false
    if (put.type === 'relation-put') return supported.has(put.relation.id)
    if (put.type === 'entity-put') return needed.has(put.entity.id)
    return put.type !== 'visit-put' || alive.has(put.id)
  })
  note(
    changes,
    puts.length - memories.length - rest.length,
    'entities, relations and visits of what is lost were left out',
  )
  const spaces = rest.some(({ type }) => type === 'space') ? [] : spaceOf(memories)
  const visits = rest.filter(({ type }) => type === 'visit-put')
  return { operations: [...spaces, ...rest.filter((put) => !visits.includes(put)), ...memories, ...visits], changes }
}

function mended(put: MemoryPut, relations: ReadonlyMap<string, unknown>, changes: string[]): MemoryPut {
  const kept = put.relations?.filter((id) => relations.has(id))
  note(changes, (put.relations?.length ?? 0) - (kept?.length ?? 0), `relations of memory ${put.memory.id} are lost`)
  const isBare = put.memory.space !== undefined && !put.embedding
  note(changes, isBare ? 1 : 0, `embedding of memory ${put.memory.id} is lost`)
  const memory = isBare ? reducedMemory(put.memory, { part: 'embedding', to: 'gone', at: 0 }) : put.memory
  return { ...put, memory, ...(kept && { relations: kept }) }
}

function spaceOf(memories: readonly MemoryPut[]): MemoryOperation[] {
  const first = memories.find(({ memory, embedding }) => embedding && memory.space !== undefined)
  return first ? [{ type: 'space', id: first.memory.space!, dimensions: first.embedding!.length }] : []
}

function note(changes: string[], count: number, what: string): void {
  if (count > 0) changes.push(`${count} ${what}`)
}
