import { type MemoryInput, PerStreamError } from '@perstream/spec'
import { type ImportItem, isRecord, remember, skip, unfitText } from './import-item'

/** How memories of mem0 become memories here. */
export interface Mem0Options {
  /** The category of a memory, given mem0's. Default: its first, or 'notes' where it has none. */
  readonly category?: string | ((text: string, categories: readonly string[]) => string) | undefined
  /** Whose memories they become. Default: their `user_id`, or else `agent_id`; the graph's owner where they name none. */
  readonly owner?: string | undefined
}

type Item = Readonly<Record<string, unknown>>

/** Fields that are used, or that say nothing but what other fields say. */
const usedFields = new Set([
  'id',
  'memory',
  'data',
  'text',
  'user_id',
  'agent_id',
  'owner',
  'created_at',
  'updated_at',
  'expiration_date',
  'categories',
  'hash',
  'score',
  'rerank_score',
  'event',
  'memory_type',
  'organization',
  'immutable',
])

/**
 * Turns what mem0 gives into memories, as JSON text or parsed: `get_all` and `search` of the Python and TypeScript libraries and of the platform
 * (`{ results: [...] }`, pages of it, or a bare list), graph relations among them, and exports that are a list or have one under `memories`. An
 * item's id is kept as the track, so that a later import revises and doubles nothing.
 *
 * @throws PerStreamError `input-invalid` for anything else
 */
export function* importMem0(json: unknown, options: Mem0Options = {}): Generator<ImportItem, void, void> {
  const value = typeof json === 'string' ? parse(json) : json
  const { name, items, relations } = listsOf(value)
  for (const [i, item] of items.entries()) yield* readItem(item, `${name}[${i}]`, options)
  for (const [i, relation] of relations.entries()) yield readRelation(relation, `relations[${i}]`, options)
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new PerStreamError(
      'input-invalid',
      `the memories are not JSON: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
}

function listsOf(value: unknown): { name: string; items: readonly unknown[]; relations: readonly unknown[] } {
  if (Array.isArray(value)) return { name: 'memories', items: value, relations: [] }
  if (isRecord(value))
    for (const name of ['results', 'memories'] as const) {
      const items = value[name]
      if (Array.isArray(items)) return { name, items, relations: Array.isArray(value.relations) ? value.relations : [] }
    }
  throw new PerStreamError(
    'input-invalid',
    'these are not memories of mem0: give what get_all returned (a list, or an object with "results"), or an export with a list "memories"',
  )
}

function* readItem(found: unknown, at: string, options: Mem0Options): Generator<ImportItem, void, void> {
  // An export may list the texts alone.
  const item: Item | undefined =
    typeof found === 'string' ? { memory: found } : isRecord(found) ? snakeCased(found) : undefined
  if (!item) return yield skip(at, 'is not an object', found)
  const text = item.memory ?? (isRecord(item.data) ? item.data.memory : item.data) ?? item.text
  const unfit = unfitText(text)
  if (unfit) return yield skip(at, `memory ${unfit}`, found)
  const times = {
    created: timeOf(item.created_at),
    updated: timeOf(item.updated_at),
    expires: timeOf(item.expiration_date),
  }
  yield remember(at, inputOf(item, text as string, times, options))
  const unread = ['created_at', 'updated_at', 'expiration_date'].filter((field) => timeOf(item[field]) === 'unreadable')
  for (const field of unread) yield skip(`${at}.${field}`, 'is no time', item[field])
  for (const [field, value] of Object.entries(item))
    if (!usedFields.has(field) && !isEmpty(value)) yield skip(`${at}.${field}`, 'has no place in a memory', value)
}

type Time = number | undefined | 'unreadable'

function inputOf(
  item: Item,
  text: string,
  times: Readonly<Record<'created' | 'updated' | 'expires', Time>>,
  options: Mem0Options,
): MemoryInput {
  const categories = Array.isArray(item.categories)
    ? item.categories.filter((each): each is string => typeof each === 'string' && each !== '')
    : []
  const { category = categories[0] ?? 'notes', owner = firstText(item.user_id, item.agent_id) } = options
  return {
    text,
    category: typeof category === 'string' ? category : category(text, categories),
    origin: 'told',
    owner,
    track: typeof item.id === 'string' && item.id !== '' ? item.id : undefined,
    evidence: [{ source: 'mem0', startSeconds: 0, endSeconds: 0, frames: [] }],
    // Its words may be new since it was made.
    learnedAt: known(times.updated) ?? known(times.created),
    validTo: known(times.expires),
  }
}

function readRelation(found: unknown, at: string, { category = 'notes', owner }: Mem0Options): ImportItem {
  const relation: Item = isRecord(found) ? found : {}
  const [subject, predicate, object] = [
    relation.source,
    relation.relationship ?? relation.relation,
    relation.target ?? relation.destination,
  ]
  if (unfitText(subject) || unfitText(predicate) || unfitText(object))
    return skip(at, 'names no source, relationship and target', found)
  const triplet = { subject: subject as string, predicate: spaced(predicate as string), object: object as string }
  const text = `${triplet.subject} ${triplet.predicate} ${triplet.object}`
  return remember(at, {
    text,
    category: typeof category === 'string' ? category : category(text, []),
    origin: 'told',
    owner,
    triplets: [triplet],
    evidence: [{ source: 'mem0', startSeconds: 0, endSeconds: 0, frames: [] }],
  })
}

/** Turns names such as `works_at` into words. */
export function spaced(name: string): string {
  return name.replace(/_+/g, ' ').trim() || name
}

/** The TypeScript library writes `createdAt` where the others write `created_at`. */
function snakeCased(item: Item): Item {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
}

function timeOf(value: unknown): Time {
  if (value === undefined || value === null || value === '') return undefined
  const time = value instanceof Date ? value.getTime() : typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? 'unreadable' : time
}

function known(time: Time): number | undefined {
  return typeof time === 'number' ? time : undefined
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '')
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  )
}
