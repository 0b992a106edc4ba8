import { type Memory, type MemoryVersion, PerStreamError } from '@perstream/spec'
import { notFound } from './errors'
import type { GraphState } from './graph-state'
import { versionsAfter } from './history'
import type { MemoryEntry } from './memory-entry'

/** A memory to be stored again, with what it said before. */
export interface Succeeded {
  readonly memory: Memory
  readonly versions: readonly MemoryVersion[]
}

/**
 * Finds the memories whose place another takes.
 * @throws PerStreamError `memory-not-found`; `input-invalid` when one is the new memory, comes after it, or has another successor
 */
export function checkSuperseded(state: GraphState, oldIds: readonly string[], by: string | undefined): MemoryEntry[] {
  const successors = new Set<string>()
  for (let next = by; next !== undefined; next = state.entries.get(next)?.memory.supersededBy) successors.add(next)
  return [...new Set(oldIds)].map((id) => {
    const entry = state.entries.get(id)
    if (!entry) throw notFound(id)
    const { supersededBy } = entry.memory
    if (successors.has(id)) throw refused(id, by!, id === by ? 'it is the same memory' : `"${by}" is superseded by it`)
    if (supersededBy !== undefined && supersededBy !== by)
      throw refused(
        id,
        by ?? 'the new memory',
        `"${supersededBy}" has already taken its place: supersede that one, or restore("${id}") first`,
      )
    return entry
  })
}

/** A memory whose place another has taken: what was open ends when the other begins. */
export function superseded(entry: MemoryEntry, by: Memory, at: number, now: number): Succeeded {
  const { memory: before } = entry
  const end = Math.max(by.validFrom ?? by.learnedAt, before.validFrom ?? Number.NEGATIVE_INFINITY)
  const memory: Memory = {
    ...before,
    validTo: before.validTo ?? end,
    supersededBy: by.id,
    supersededAt: at,
    updatedAt: now,
  }
  return { memory, versions: versionsAfter(entry, memory, 'superseded', now) }
}

/** A memory that stands again, with the end it had. */
export function restored({ memory: before, versions }: MemoryEntry, now: number): Succeeded {
  const { supersededBy: _by, supersededAt: _at, ...rest } = before
  const last = versions.map(({ change }) => change).lastIndexOf('superseded')
  if (last < 0) return { memory: { ...rest, updatedAt: now }, versions }
  return {
    memory: { ...rest, validTo: versions[last]!.validTo, updatedAt: now },
    versions: versions.filter((_, i) => i !== last),
  }
}

function refused(id: string, by: string, reason: string): PerStreamError {
  return new PerStreamError('input-invalid', `memory "${id}" cannot be superseded by "${by}": ${reason}`, {
    fields: { id, by },
  })
}
