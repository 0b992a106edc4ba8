import type { Memory, MemoryVersion } from '@perstream/spec'
import type { GraphState } from './graph-state'
import type { MemoryEntry } from './memory-entry'

const versionsKept = 16

/** What was believed of a fact for some time. */
export interface HistoryEntry {
  /** The memory that said it. */
  readonly id: string
  readonly text: string
  readonly category: string
  readonly confidence: number
  readonly validFrom: number | undefined
  readonly validTo: number | undefined
  /** From when to when the memory said so; no end while it stands. Milliseconds since 1970 UTC. */
  readonly since: number
  readonly until: number | undefined
  /** What ended it; undefined while it stands. */
  readonly change: MemoryVersion['change'] | undefined
}

/**
 * The versions of a memory once it is changed, oldest first. Changes that alter nothing a version holds add none. Readings of
 * one track that follow each other count as one version, the surest of them; of more than 16 versions the oldest are dropped.
 */
export function versionsAfter(
  { memory: before, versions }: MemoryEntry,
  after: Memory,
  change: MemoryVersion['change'],
  now: number,
): readonly MemoryVersion[] {
  if (fields.every((field) => before[field] === after[field])) return versions
  const { text, category, confidence, validFrom, validTo } = before
  const since = versions.at(-1)?.until ?? before.learnedAt
  const version = { text, category, confidence, validFrom, validTo, since: Math.min(since, now), until: now, change }
  const last = versions.at(-1)
  if (change !== 'revised' || last?.change !== 'revised') return [...versions, version].slice(-versionsKept)
  const surest = last.confidence > confidence ? last : version
  return [...versions.slice(0, -1), { ...surest, since: last.since, until: now }]
}

const fields = ['text', 'category', 'confidence', 'validFrom', 'validTo'] as const

/**
 * A memory as it was told at a time after it was learned: its words, category, confidence and validity of then, and no successor that came
 * later. Of what was changed before the oldest version that is kept, that version.
 * @param asOf milliseconds since 1970 UTC, inclusive
 */
export function memoryAsOf({ memory, versions }: MemoryEntry, asOf: number): Memory {
  const version = versions.find(({ until }) => asOf < until)
  const { supersededAt } = memory
  const later = supersededAt !== undefined && asOf < supersededAt
  if (!version && !later) return memory
  const { text, category, confidence, validFrom, validTo } = version ?? memory
  const { supersededBy, supersededAt: at, ...rest } = memory
  const successor = later ? {} : { supersededBy, supersededAt: at }
  return { ...rest, ...successor, text, category, confidence, validFrom, validTo }
}

/** All that is known of a fact over time: the memories before, this one, and those after, with what each said before; oldest first. */
export function historyOf(state: GraphState, entry: MemoryEntry): HistoryEntry[] {
  const chain = [...before(state, entry.memory.id), entry, ...after(state, entry)]
  return chain.flatMap(entriesOf).sort((a, b) => a.since - b.since)
}

/** Memories that this one took the place of, directly or not. */
function before(state: GraphState, id: string): MemoryEntry[] {
  return state.predecessors(id).flatMap((older) => [...before(state, older), state.entries.get(older)!])
}

function after(state: GraphState, entry: MemoryEntry): MemoryEntry[] {
  const next = entry.memory.supersededBy === undefined ? undefined : state.entries.get(entry.memory.supersededBy)
  return next ? [next, ...after(state, next)] : []
}

function entriesOf({ memory, versions }: MemoryEntry): HistoryEntry[] {
  const { id, text, category, confidence, validFrom, validTo, supersededAt } = memory
  const said = versions.filter(({ change }) => change !== 'superseded')
  const since = said.at(-1)?.until ?? memory.learnedAt
  const change = supersededAt === undefined ? undefined : ('superseded' as const)
  return [
    ...said.map((version) => ({ id, ...version })),
    { id, text, category, confidence, validFrom, validTo, since, until: supersededAt, change },
  ]
}
