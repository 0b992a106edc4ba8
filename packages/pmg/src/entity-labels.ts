import type { EntityMerge, EntityRecord } from '@perstream/spec'
import { entityKey, labelKeys, ownerKey } from './entity-key'

/** How many memories a merge names as its reason. */
const supportersKept = 16

/** All that an entity is called, first words first. */
export function labelsOf({ label, aliases }: EntityRecord): readonly string[] {
  return [label, ...aliases]
}

/** The key of words as one owner's memories use them: their own name is the owner. */
export function keyFor(owner: string, words: string): string {
  const called = entityKey(words)
  return called === entityKey(owner) ? ownerKey : called
}

/** Adds a reason why two labels are one; what memories say of the same two labels is kept as one reason. */
export function addMerge(merges: readonly EntityMerge[], merge: EntityMerge): readonly EntityMerge[] {
  const same = merges.findIndex((known) => known.reason === merge.reason && linksSame(known, merge))
  if (same < 0) return [...merges, merge]
  const memories = [...new Set([...merges[same]!.memories, ...merge.memories])].slice(0, supportersKept)
  return merges.map((known, i) => (i === same ? { ...known, memories } : known))
}

/** Whether two merges link the same two labels. */
export function linksSame(a: Pick<EntityMerge, 'label' | 'with'>, b: Pick<EntityMerge, 'label' | 'with'>): boolean {
  const [a1, a2, b1, b2] = [a.label, a.with, b.label, b.with].map((words) => entityKey(words))
  return (a1 === b1 && a2 === b2) || (a1 === b2 && a2 === b1)
}

/** Whether two entities were found to be different: one was split from the other. */
export function areApart(a: EntityRecord, b: EntityRecord): boolean {
  return isApart(a, labelKeys(b)) || isApart(b, labelKeys(a))
}

/** Whether an entity was found not to be what one of the labels names. */
export function isApart({ apart = [] }: EntityRecord, keys: readonly string[]): boolean {
  return keys.some((key) => apart.includes(key))
}

/** One record of two: `kept` keeps its id and label. */
export function mergedRecord(kept: EntityRecord, gone: EntityRecord, merge: EntityMerge): EntityRecord {
  const merges = addMerge([...(kept.merges ?? []), ...(gone.merges ?? [])], merge)
  return withLabels(
    { ...kept, apart: [...(kept.apart ?? []), ...(gone.apart ?? [])] },
    [...labelsOf(kept), ...labelsOf(gone)],
    merges,
  )
}

/** A record with other labels, each once, and the reasons that hold them together; what it is called is not apart from it. */
export function withLabels(
  record: EntityRecord,
  labels: readonly string[],
  merges: readonly EntityMerge[],
): EntityRecord {
  const byKey = new Map<string, string>()
  for (const [i, label] of labels.entries()) {
    const key = entityKey(label, i === 0 ? record : undefined)
    if (!byKey.has(key)) byKey.set(key, label)
  }
  const [label, ...aliases] = byKey.values()
  const apart = [...new Set(record.apart)].filter((key) => !byKey.has(key))
  const { id, owner, kind, createdAt } = record
  return {
    ...{ id, label: label!, aliases, owner, kind, createdAt },
    ...(merges.length > 0 && { merges }),
    ...(apart.length > 0 && { apart }),
  }
}

/** Sorts labels into groups that merges hold together; the first group has the first label. */
export function groupLabels(
  record: EntityRecord,
  labels: readonly string[],
  merges: readonly EntityMerge[],
): string[][] {
  const key = (words: string) => entityKey(words, words === record.label ? record : undefined)
  const group = new Map(labels.map((label, i) => [key(label), i]))
  for (const merge of merges) {
    const [a, b] = [group.get(key(merge.label)), group.get(key(merge.with))]
    if (a === undefined || b === undefined || a === b) continue
    for (const [each, number] of group) if (number === Math.max(a, b)) group.set(each, Math.min(a, b))
  }
  const groups = new Map<number, string[]>()
  for (const label of labels) {
    const number = group.get(key(label))!
    groups.set(number, [...(groups.get(number) ?? []), label])
  }
  return [...groups.values()]
}

/** Two names that cannot be one person's: neither has all words of the other. */
export function namesDiffer(a: string, b: string): boolean {
  const [first, second] = [a, b].map((words) => entityKey(words).split(/[\s.]+/u))
  return !first!.every((word) => second!.includes(word)) && !second!.every((word) => first!.includes(word))
}
