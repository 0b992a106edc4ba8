import type { MemoryInput } from '@perstream/spec'

/** What an importer found: something to remember, or something that it could not take. */
export type ImportItem =
  | { readonly type: 'memory'; readonly input: MemoryInput }
  | { readonly type: 'skipped'; readonly skipped: SkippedItem }

/** A part of foreign data that has no place in the graph, and why. */
export interface SkippedItem {
  /** Where it is: "line 12", "results[3]", "row 7". */
  readonly at: string
  readonly reason: string
  /** What it is, as JSON, the first 200 characters of it. */
  readonly value: string
}

const longestValue = 200
const longestText = 1_000_000

export function remember(input: MemoryInput): ImportItem {
  return { type: 'memory', input }
}

export function skip(at: string, reason: string, value: unknown): ImportItem {
  const text = typeof value === 'string' ? value.slice(0, longestValue + 1) : value
  const json = JSON.stringify(text) ?? String(text)
  const shown = json.length > longestValue ? `${json.slice(0, longestValue - 1)}…` : json
  return { type: 'skipped', skipped: { at, reason, value: shown } }
}

/** Why a value cannot be the words of a memory; undefined when it can. */
export function unfitText(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'is not a text'
  if (value.trim() === '') return 'is blank'
  if (value.length > longestText) return `has ${value.length} characters: at most ${longestText} are kept`
  return undefined
}

/** True for an object that is no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
