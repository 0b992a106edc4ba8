import { type MemoryInput, PerStreamError } from '@perstream/spec'
import { type ImportItem, isRecord, remember, type SkippedItem, skip, unfitText } from './import-item'
import { spaced } from './mem0'

/** An entity of the MCP memory server: who or what observations are of. */
export interface McpMemoryEntity {
  readonly name: string
  readonly entityType: string
}

/** How the knowledge graph of the MCP memory server becomes memories. */
export interface McpMemoryOptions {
  /** The category of a memory; relations come without an entity. Default 'notes'. */
  readonly category?: string | ((text: string, entity?: McpMemoryEntity) => string) | undefined
  /** Whose memories they become. Default: the graph's owner. */
  readonly owner?: string | undefined
  /** Throws at the first line that cannot be read, instead of going on without it. Default false. */
  readonly strict?: boolean | undefined
}

const longestLine = 16 * 2 ** 20

/**
 * Turns the JSON Lines of the MCP memory server into memories: its file's text, or the lines of it. Each observation is one memory, with the name of
 * its entity before it and the entity's type as a triplet, an entity without observations is one, and each relation is one with its triplet. A
 * line that is broken, or longer than 16 Mi characters, is skipped with its number.
 *
 * @throws PerStreamError `input-invalid` with the line's number, when `strict`
 */
export async function* importMcpMemory(
  lines: string | Iterable<string> | AsyncIterable<string>,
  options: McpMemoryOptions = {},
): AsyncGenerator<ImportItem, void, void> {
  let number = 0
  for await (const line of typeof lines === 'string' ? split(lines) : lines) {
    number++
    for (const item of readLine(line, `line ${number}`, options)) {
      if (options.strict && item.type === 'skipped') throw unreadable(item.skipped, number)
      yield item
    }
  }
}

function* readLine(line: string, at: string, options: McpMemoryOptions): Generator<ImportItem, void, void> {
  if (line.length > longestLine)
    return yield skip(at, `has ${line.length} characters: at most ${longestLine} are read`, line)
  if (line.trim() === '') return
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return yield skip(at, `is not JSON: ${error instanceof Error ? error.message : error}`, line)
  }
  if (isRecord(value) && value.type === 'entity') yield* readEntity(value, at, options)
  else if (isRecord(value) && value.type === 'relation') yield readRelation(value, at, options)
  else yield skip(at, 'is neither an entity nor a relation', value)
}

function* readEntity(
  value: Readonly<Record<string, unknown>>,
  at: string,
  options: McpMemoryOptions,
): Generator<ImportItem, void, void> {
  const { name, entityType, observations = [] } = value
  const unfit = unfitText(name)
  if (unfit) return yield skip(at, `name ${unfit}`, value)
  const typed = !unfitText(entityType)
  const entity = { name: name as string, entityType: typed ? (entityType as string) : 'thing' }
  if (!typed && entityType !== undefined) yield skip(`${at}, entityType`, `${unfitText(entityType)}`, entityType)
  const triplets = typed ? [{ subject: entity.name, predicate: 'is a', object: spaced(entity.entityType) }] : []
  if (!Array.isArray(observations)) yield skip(`${at}, observations`, 'are not a list', observations)
  let remembered = 0
  for (const [i, observation] of (Array.isArray(observations) ? observations : []).entries()) {
    const text = about(entity.name, observation)
    const place = `${at}, observations[${i}]`
    const bad = unfitText(observation)
    const item = bad ? skip(place, bad, observation) : remember(place, inputOf(text, { ...options, triplets }, entity))
    if (item.type === 'memory') remembered++
    yield item
  }
  if (remembered === 0)
    yield remember(at, inputOf(`${entity.name} is a ${spaced(entity.entityType)}`, { ...options, triplets }, entity))
}

function readRelation(value: Readonly<Record<string, unknown>>, at: string, options: McpMemoryOptions): ImportItem {
  const { from, to, relationType } = value
  for (const [field, words] of Object.entries({ from, to, relationType })) {
    const unfit = unfitText(words)
    if (unfit) return skip(at, `${field} ${unfit}`, value)
  }
  const triplet = { subject: from as string, predicate: spaced(relationType as string), object: to as string }
  return remember(
    at,
    inputOf(`${triplet.subject} ${triplet.predicate} ${triplet.object}`, { ...options, triplets: [triplet] }),
  )
}

function inputOf(
  text: string,
  { category = 'notes', owner, triplets }: McpMemoryOptions & Pick<MemoryInput, 'triplets'>,
  entity?: McpMemoryEntity,
): MemoryInput {
  return {
    text,
    category: typeof category === 'string' ? category : category(text, entity),
    origin: 'told',
    owner,
    triplets,
    evidence: [{ source: 'mcp-memory', startSeconds: 0, endSeconds: 0, frames: [] }],
  }
}

/** An observation says "works at Acme": without the name it would be of nobody. */
function about(name: string, observation: unknown): string {
  const text = String(observation)
  return text.toLowerCase().startsWith(name.toLowerCase()) ? text : `${name}: ${text}`
}

function* split(text: string): Generator<string, void, void> {
  for (let start = 0; start <= text.length; ) {
    const end = text.indexOf('\n', start)
    yield text.slice(start, end < 0 ? text.length : end)
    if (end < 0) return
    start = end + 1
  }
}

function unreadable({ at, reason, value }: SkippedItem, line: number): PerStreamError {
  return new PerStreamError('input-invalid', `${at} ${reason}: ${value}`, { fields: { line } })
}
