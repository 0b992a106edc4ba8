import { precisions } from '@perstream/kit'
import {
  type CallOptions,
  type EntityRecord,
  type Memory,
  type MemoryVersion,
  type MemoryVisits,
  type PatchGrid,
  PerStreamError,
  type RelationRecord,
  type SourceProgress,
  type TensorPrecision,
  type TensorStore,
} from '@perstream/spec'
import { fromBase64, toBase64 } from './base64'
import { checkedVector } from './memory-input'
import {
  checkEntity,
  checkGridReference,
  checkLine,
  checkMemory,
  checkProgressRecord,
  checkRelation,
  checkVersions,
  checkVisits,
} from './record-checks'
import { checkGrid, decodeGrid, encodedLength, encodeGrid } from './tensors/grid-codec'

const format = 'perstream-memory'
const version = 1

/** A memory of an export, with all that belongs to it. */
export interface ExportedMemory {
  readonly type: 'memory'
  readonly memory: Memory
  readonly embedding: Float32Array | undefined
  /** What it said before, oldest first. Absent: nothing. */
  readonly versions?: readonly MemoryVersion[] | undefined
  readonly visits?: MemoryVisits | undefined
}

/** One line of an export, read. */
export type ExportLine =
  | { readonly type: 'header'; readonly space: string; readonly dimensions: number }
  | { readonly type: 'header'; readonly space: undefined; readonly dimensions: undefined }
  | { readonly type: 'entity'; readonly entity: EntityRecord }
  | { readonly type: 'relation'; readonly relation: RelationRecord }
  | { readonly type: 'progress'; readonly progress: SourceProgress }
  | ExportedMemory
  | ExportedGrid

/** A grid of an export. */
export interface ExportedGrid {
  readonly type: 'grid'
  readonly id: string
  readonly grid: PatchGrid
  readonly precision: TensorPrecision
}

/** What an export needs of a graph's state. */
export interface ExportableState<Entry extends ExportableEntry = ExportableEntry> {
  readonly space: string | undefined
  readonly vectors: { readonly dimensions: number } | undefined
  readonly entities: { values(): Iterable<{ readonly record: EntityRecord }> }
  readonly relations: { values(): Iterable<{ readonly record: RelationRecord }> }
  readonly progress: ReadonlyMap<string, SourceProgress>
  readonly entries: { keys(): Iterable<string>; has(id: string): boolean; get(id: string): Entry | undefined }
  embedding(id: string): Float32Array | undefined
  visits?(entry: Entry): MemoryVisits
}

interface ExportableEntry {
  readonly memory: Memory
  readonly versions?: readonly MemoryVersion[] | undefined
}

/** Writes a graph as lines of JSON without line ends: a header, then entities, relations, progress and memories. */
export function* exportLines<Entry extends ExportableEntry>(
  state: ExportableState<Entry>,
  at: number,
): Generator<string, void, void> {
  for (const { line } of exportParts(state, at)) yield line
}

/** Writes a graph like {@link exportLines}, with each grid before the first memory that has it. */
export async function* exportWithGrids<Entry extends ExportableEntry>(
  state: ExportableState<Entry>,
  at: number,
  { tensors, signal }: CallOptions & { readonly tensors: TensorStore },
): AsyncGenerator<string, void, void> {
  const precisions = new Map((await tensors.list({ signal })).map(({ id, precision }) => [id, precision]))
  const written = new Set<string>()
  for (const { line, memory } of exportParts(state, at)) {
    for (const reference of [memory?.meanGrid, memory?.nearestGrid]) {
      if (!reference || written.has(reference.id)) continue
      written.add(reference.id)
      const grid = await tensors.get(reference.id, { signal })
      if (grid) yield gridLine(reference.id, grid, precisions.get(reference.id) ?? 'f32')
    }
    if (!memory || state.entries.has(memory.id)) yield line
  }
}

function* exportParts<Entry extends ExportableEntry>(
  state: ExportableState<Entry>,
  at: number,
): Generator<{ readonly line: string; readonly memory?: Memory }, void, void> {
  const part = (value: object) => ({ line: JSON.stringify(value) })
  yield part({
    type: 'header',
    format,
    version,
    at,
    space: state.space,
    dimensions: state.vectors?.dimensions,
  })
  const entities = Array.from(state.entities.values(), ({ record }) => record)
  const relations = Array.from(state.relations.values(), ({ record }) => record)
  const progresses = [...state.progress.values()]
  const ids = [...state.entries.keys()]
  for (const entity of entities) yield part({ type: 'entity', entity })
  for (const relation of relations) yield part({ type: 'relation', relation })
  for (const progress of progresses) yield part({ type: 'progress', progress })
  for (const id of ids) {
    const entry = state.entries.get(id)
    if (entry) yield { line: memoryLine(state, entry), memory: entry.memory }
  }
}

function memoryLine<Entry extends ExportableEntry>(state: ExportableState<Entry>, entry: Entry): string {
  const { memory, versions } = entry
  const embedding = state.embedding(memory.id)
  const visits = state.visits?.(entry)
  return JSON.stringify({
    type: 'memory',
    memory,
    embedding: embedding && toBase64(littleEndian(embedding)),
    versions: versions?.length ? versions : undefined,
    visits: visits?.visits ? visits : undefined,
  })
}

function gridLine(id: string, grid: PatchGrid, precision: TensorPrecision): string {
  const { rows, columns, dimensions, space } = grid
  const data = toBase64(encodeGrid(grid, precision))
  return JSON.stringify({ type: 'grid', id, rows, columns, dimensions, space, precision, data })
}

/**
 * Reads a line of an export. A field that this release does not know is refused, as leaving it out would lose it.
 * @throws PerStreamError `input-invalid` with the line's number; `store-version` for a newer format
 */
export function parseLine(line: string, number: number): ExportLine {
  try {
    const value = JSON.parse(line)
    if ((value?.type === 'header') !== (number === 1))
      throw new TypeError('the first line, and only it, must be the header')
    return readLine(value)
  } catch (cause) {
    if (PerStreamError.isInstance(cause)) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PerStreamError('input-invalid', `line ${number} of the import cannot be read: ${reason}`, {
      fields: { line: number },
      cause,
    })
  }
}

function readLine(value: Readonly<Record<string, unknown>>): ExportLine {
  switch (value.type) {
    case 'header':
      return readHeader(value)
    case 'memory':
      return readMemory(value)
    case 'grid':
      return readGrid(value)
    case 'entity':
      checkLine(value, ['entity'])
      return { type: 'entity', entity: checkEntity(value.entity) }
    case 'relation':
      checkLine(value, ['relation'])
      return { type: 'relation', relation: checkRelation(value.relation) }
    case 'progress':
      checkLine(value, ['progress'])
      return { type: 'progress', progress: checkProgressRecord(value.progress) }
    default:
      throw new TypeError(
        `type is ${JSON.stringify(value.type)}: it must be entity, relation, progress, grid or memory`,
      )
  }
}

function readHeader(value: { format?: unknown; version?: unknown; space?: unknown; dimensions?: unknown }): ExportLine {
  if (value.format !== format) throw new TypeError(`format is ${JSON.stringify(value.format)}: it must be "${format}"`)
  if (typeof value.version !== 'number' || value.version > version)
    throw new PerStreamError(
      'store-version',
      `the import has version ${value.version}, this release reads ${version}: use a newer release`,
      { fields: { version: value.version } },
    )
  const { space, dimensions } = value
  if (space === undefined && dimensions === undefined)
    return { type: 'header', space: undefined, dimensions: undefined }
  if (typeof space !== 'string' || space === '')
    throw new TypeError(`space is ${JSON.stringify(space)}: it must be an id`)
  if (!Number.isSafeInteger(dimensions) || (dimensions as number) < 1)
    throw new TypeError(`dimensions is ${JSON.stringify(dimensions)}: it must be a whole number, 1 or more`)
  return { type: 'header', space, dimensions: dimensions as number }
}

function readMemory(value: Readonly<Record<string, unknown>>): ExportedMemory {
  checkLine(value, ['memory', 'embedding', 'versions', 'visits'])
  const memory = checkMemory(value.memory)
  const { embedding } = value
  if ((memory.space === undefined) !== (embedding === undefined))
    throw new TypeError('memory.space and embedding must come together')
  if (embedding !== undefined && typeof embedding !== 'string') throw new TypeError('embedding must be text, in base64')
  // What is kept less exactly is not quite of length 1, and stays as it is.
  const tolerance = memory.embeddingPrecision ? 0.02 : undefined
  const vector =
    embedding === undefined ? undefined : checkedVector(floatsOf(fromBase64(embedding)), 'embedding', tolerance)
  return {
    type: 'memory',
    memory,
    embedding: vector,
    ...(value.versions !== undefined && { versions: checkVersions(value.versions) }),
    ...(value.visits !== undefined && { visits: checkVisits(value.visits) }),
  }
}

function readGrid(value: Readonly<Record<string, unknown>>): ExportedGrid {
  const { data, precision, ...reference } = value
  checkLine(value, ['id', 'rows', 'columns', 'dimensions', 'space', 'precision', 'data'])
  const { id, ...shape } = checkGridReference(reference)
  if (!isPrecision(precision))
    throw new TypeError(`precision is ${JSON.stringify(precision)}: it must be one of ${precisions.join(', ')}`)
  if (typeof data !== 'string') throw new TypeError('data must be text, in base64')
  const bytes = fromBase64(data)
  if (bytes.length !== encodedLength(shape, precision))
    throw new TypeError(`data has ${bytes.length} bytes: the shape needs ${encodedLength(shape, precision)}`)
  const grid = decodeGrid(shape, precision, bytes)
  checkGrid(grid, precision)
  return { type: 'grid', id, grid, precision }
}

function isPrecision(value: unknown): value is TensorPrecision {
  return precisions.some((each) => each === value)
}

function littleEndian(vector: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  for (const [i, value] of vector.entries()) view.setFloat32(i * 4, value, true)
  return new Uint8Array(view.buffer)
}

function floatsOf(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) throw new TypeError(`embedding has ${bytes.length} bytes: it must be whole 32-bit floats`)
  const view = new DataView(bytes.buffer)
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true))
}
