import type { ReportMemory } from '../report-data'

/** Which memories are shown. Empty values do not filter. */
export interface MemoryFilter {
  readonly search: string
  readonly category: string
  readonly origin: string
}

/** Finds the memories that hold every searched word, in their words, category, group or origin; accents and case aside. */
export function filterMemories(memories: readonly ReportMemory[], filter: MemoryFilter): ReportMemory[] {
  const terms = fold(filter.search).split(/\s+/).filter(Boolean)
  return memories.filter((memory) => {
    if (filter.category && memory.category !== filter.category) return false
    if (filter.origin && memory.origin !== filter.origin) return false
    if (terms.length === 0) return true
    const haystack = fold(`${memory.text} ${memory.category} ${memory.group} ${memory.origin}`)
    return terms.every((term) => haystack.includes(term))
  })
}

/** Counts how many items have each key, most first, then by name. */
export function countBy<Item>(items: readonly Item[], key: (item: Item) => string): [key: string, amount: number][] {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1)
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
}

/** The first second at which a memory was seen; 0 when it has no evidence. */
export function firstSeen(memory: ReportMemory): number {
  if (memory.evidence.length === 0) return 0
  return memory.evidence.reduce((least, { startSeconds }) => Math.min(least, startSeconds), Infinity)
}

function fold(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
}
