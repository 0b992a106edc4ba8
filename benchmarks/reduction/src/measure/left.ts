import { bytesAs, granularities } from '@perstream/reduction'
import type { Granularity, PartTable, ReductionStep } from '@perstream/spec'

/** What is left of a granularity: shares of its parts and of its bytes, 0..1. */
export interface Left {
  readonly parts: number
  readonly bytes: number
}

/** What is left of each granularity that a table has, once steps were taken. What is shared counts once. */
export function leftOf(table: PartTable, steps: Iterable<ReductionStep>): Partial<Record<Granularity, Left>> {
  const before = sums(table, [])
  const after = sums(table, steps)
  const entries = granularities.flatMap((name, i) =>
    before[i]!.parts === 0
      ? []
      : [[name, { parts: after[i]!.parts / before[i]!.parts, bytes: after[i]!.bytes / before[i]!.bytes }] as const],
  )
  return Object.fromEntries(entries)
}

/** Bytes of all parts, what is shared once. */
export function bytesOf(table: PartTable, steps: Iterable<ReductionStep> = []): number {
  return sums(table, steps).reduce((sum, { bytes }) => sum + bytes, 0)
}

function sums(table: PartTable, steps: Iterable<ReductionStep>): { parts: number; bytes: number }[] {
  const isGone = new Uint8Array(table.length)
  const bytesOfGroup = new Map<number, number>()
  for (let part = 0; part < table.length; part++) bytesOfGroup.set(table.shared[part]!, table.bytes[part]!)
  for (const { part, to } of steps) {
    if (to === 'gone') isGone[part] = 1
    else bytesOfGroup.set(table.shared[part]!, bytesAs(table, part, to))
  }
  const found = granularities.map(() => ({ parts: 0, bytes: 0 }))
  for (let part = 0; part < table.length; part++) {
    if (isGone[part]) continue
    const group = table.shared[part]!
    const sum = found[table.granularity[part]!]!
    sum.parts++
    sum.bytes += bytesOfGroup.get(group) ?? 0
    bytesOfGroup.delete(group)
  }
  return found
}
