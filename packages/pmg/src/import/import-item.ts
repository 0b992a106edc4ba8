import type { MemoryInput } from '@perstream/spec'
import { checkInput } from '../memory-input'

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
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Makes an item of a memory; half characters in its words are replaced, and what no graph would take is skipped. */
export function remember(at: string, found: MemoryInput): ImportItem {
  const input = wellFormed(found)
  try {
    checkInput(input, 'memory')
  } catch (error) {
    if (error instanceof TypeError) return skip(at, error.message.slice(0, longestValue), input)
    throw error
  }
  return { type: 'memory', input }
}

/** Makes an item of what has no place. */
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
  return undefined
}

/** Replaces half characters (lone surrogates) in all texts of a value: they cannot be written as UTF-8. */
function wellFormed<Value>(value: Value): Value {
  if (typeof value === 'string') return decoder.decode(new TextEncoder().encode(value)) as Value
  if (Array.isArray(value)) return value.map(wellFormed) as Value
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, wellFormed(each)])) as Value
}

/** True for an object that is no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
