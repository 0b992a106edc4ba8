import { gone as goneNumber, granularities, type StepList } from '@perstream/kit'
import type { Granularity, PartTable } from '@perstream/spec'
import { bytesAfter, groupsOf } from './part-table'
import type { ReductionPlan } from './plan-reduction'

/** What was taken away, or would be. */
export interface ReductionReport {
  /** Live bytes of all. */
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** Parts that were there, that were taken away, and that are still there and kept less exactly. */
  readonly parts: CountByGranularity
  readonly gone: CountByGranularity
  readonly demoted: CountByGranularity
  /** Bytes that those parts took, and that became free. What several parts share counts for the coarsest of them. */
  readonly bytes: CountByGranularity
  readonly freed: CountByGranularity
  /** Memories that lost something. */
  readonly memories: number
  /** Ids of the memories that lost their words, in the order in which they went; their numbers in the table where it has no ids. */
  readonly forgotten: readonly string[]
  /** Whether as much went as was asked for; where not, all that the strategy gives is gone. */
  readonly isEnough: boolean
}

/** A number for each granularity. */
export type CountByGranularity = Readonly<Record<Granularity, number>>

const words = 3

/** Says what a plan does to a table. Linear. @param bytesBefore live bytes of all */
export function reportOf(table: PartTable, plan: ReductionPlan, bytesBefore: number): ReductionReport {
  const { steps, freedBytes, isEnough } = plan
  const { length, granularity, owner, shared } = table
  const nameOf = table.idOf ?? String
  const isGone = new Uint8Array(length)
  const isCoarser = new Uint8Array(groupsOf(shared))
  const forgotten: string[] = []
  const { parts: taken, outcomes } = steps
  for (let i = 0; i < taken.length; i++) {
    const part = taken[i]!
    if (outcomes[i] !== goneNumber) isCoarser[shared[part]!] = 1
    else {
      isGone[part] = 1
      if (granularity[part] === words) forgotten.push(nameOf(owner[part]!))
    }
  }
  const [parts, gone, demoted] = [new Uint32Array(4), new Uint32Array(4), new Uint32Array(4)]
  let memories = 0
  let last = -1
  for (let part = 0; part < length; part++) {
    const kind = granularity[part]!
    parts[kind]!++
    if (isGone[part]) gone[kind]!++
    else if (isCoarser[shared[part]!]) demoted[kind]!++
    else continue
    if (owner[part] !== last) memories++
    last = owner[part]!
  }
  return {
    ...{ bytesBefore, bytesAfter: bytesBefore - freedBytes },
    ...{ parts: named(parts), gone: named(gone), demoted: named(demoted) },
    ...bytesOf(table, steps),
    ...{ memories, forgotten, isEnough },
  }
}

function named(counts: ArrayLike<number>): CountByGranularity {
  return Object.fromEntries(granularities.map((name, i) => [name, counts[i]!])) as Record<Granularity, number>
}

/** Bytes before, and those that steps free, by granularity. */
function bytesOf(table: PartTable, { parts, outcomes }: StepList): Pick<ReductionReport, 'bytes' | 'freed'> {
  const { length, shared, granularity } = table
  const groups = groupsOf(shared)
  const [users, coarsest, left] = [new Uint32Array(groups), new Uint8Array(groups), new Float64Array(groups)]
  for (let part = 0; part < length; part++) {
    const group = shared[part]!
    users[group]!++
    coarsest[group] = Math.max(coarsest[group]!, granularity[part]!)
    left[group] = table.bytes[part]!
  }
  const [before, freed] = [new Float64Array(4), new Float64Array(4)]
  for (let group = 0; group < groups; group++) before[coarsest[group]!]! += left[group]!
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    const group = shared[part]!
    if (outcomes[i] === goneNumber && --users[group]! > 0) continue
    const after = Math.min(left[group]!, bytesAfter(table, part, outcomes[i]!))
    freed[coarsest[group]!]! += left[group]! - after
    left[group] = after
  }
  return { bytes: named(before), freed: named(freed) }
}
