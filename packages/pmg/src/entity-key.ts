import type { EntityRecord } from '@perstream/spec'
import { sameWordsKey } from './words'

/** The label that stands for the owner among their entities. */
export const ownerKey = 'i'

/**
 * The label of an entity as it is looked up: case, articles, "my" and outer punctuation do not matter. "Her", "his" and
 * "their" do: her sister is not mine.
 */
export function entityKey(label: string, context?: { readonly kind: EntityRecord['kind'] }): string {
  if (context?.kind === 'owner') return ownerKey
  const key = sameWordsKey(label)
    .replace(/^(?:(?:the|an?|my|our|this|that|these|those) )+/u, '')
    .replace(/^[\p{P}\s]+|[\p{P}\s]+$/gu, '')
    .replace(/\b(mrs?|ms|dr|prof|st)\./gu, '$1')
  return ownerWords.has(key) ? ownerKey : key || label.toLowerCase()
}

/** The keys of all that an entity is called; the owner's words for themselves are one. */
export function labelKeys(record: EntityRecord): string[] {
  return [entityKey(record.label, record), ...record.aliases.map((alias) => entityKey(alias))]
}

const ownerWords = new Set(['i', 'me', 'my', 'mine', 'myself', 'user', 'wearer', 'camera wearer'])
