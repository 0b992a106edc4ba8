import { type CallOptions, type GridReference, PerStreamError, type TensorStore } from '@perstream/spec'
import type { MemoryGraph } from '../memory-graph'

/** Options of {@link exportSafetensors}. */
export interface SafetensorsExportOptions extends CallOptions {
  /** Where the graph's grids lie; without it only the vectors are written. */
  readonly grids?: TensorStore | undefined
}

interface Planned {
  readonly name: string
  readonly shape: readonly number[]
  values(): AsyncIterable<Float32Array> | Iterable<Float32Array>
}

/**
 * Writes the vectors of a graph, and its grids, as a safetensors file, piece by piece: `embeddings`, one row a memory (length 1, F32), and
 * `grid:ID` for each grid, rows x columns x dimensions. The metadata has `space` and, as JSON, `ids`: the memory of each row; for grids `grids`:
 * `[{ id, space, memory, part }]`, part being mean or nearest. What is deleted meanwhile is not left out: its row would be missing.
 *
 * @throws PerStreamError `memory-not-found` for a memory or a grid that was deleted meanwhile
 */
export async function* exportSafetensors(
  graph: Pick<MemoryGraph, 'list' | 'embedding' | 'space'>,
  { grids, signal }: SafetensorsExportOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  signal?.throwIfAborted()
  const memories = graph.list()
  const ids = memories.filter(({ space }) => space !== undefined).map(({ id }) => id)
  const references = grids
    ? memories.flatMap(({ id, meanGrid, nearestGrid }) => gridsOf(id, { meanGrid, nearestGrid }))
    : []
  const distinct = new Map(references.map(({ grid }) => [grid.id, grid]))
  const planned: Planned[] = [
    ...embeddings(graph, ids),
    ...Array.from(distinct.values(), (grid) => plannedGrid(grid, grids!, signal)),
  ]
  yield headerOf(planned, {
    format: 'perstream-vectors',
    version: '1',
    ...(graph.space !== undefined && { space: graph.space }),
    ids: JSON.stringify(ids),
    ...(grids && {
      grids: JSON.stringify(
        references.map(({ grid, memory, part }) => ({ id: grid.id, space: grid.space, memory, part })),
      ),
    }),
  })
  for (const { values } of planned)
    for await (const each of values()) {
      signal?.throwIfAborted()
      yield littleEndian(each)
    }
}

function* embeddings(graph: Pick<MemoryGraph, 'embedding'>, ids: readonly string[]): Generator<Planned, void, void> {
  const [first] = ids
  const dimensions = first === undefined ? 0 : mustHave(graph.embedding(first), first).length
  if (first === undefined) return
  yield {
    name: 'embeddings',
    shape: [ids.length, dimensions],
    *values() {
      for (const id of ids) yield mustHave(graph.embedding(id), id)
    },
  }
}

function plannedGrid(
  { id, rows, columns, dimensions }: GridReference,
  grids: TensorStore,
  signal: AbortSignal | undefined,
): Planned {
  return {
    name: `grid:${id}`,
    shape: [rows, columns, dimensions],
    async *values() {
      yield mustHave(await grids.get(id, { signal }), id).data
    },
  }
}

interface GridPart {
  readonly grid: GridReference
  readonly memory: string
  readonly part: 'mean' | 'nearest'
}

function gridsOf(
  memory: string,
  { meanGrid, nearestGrid }: { meanGrid?: GridReference | undefined; nearestGrid?: GridReference | undefined },
): GridPart[] {
  const parts: GridPart[] = []
  if (meanGrid) parts.push({ grid: meanGrid, memory, part: 'mean' })
  if (nearestGrid) parts.push({ grid: nearestGrid, memory, part: 'nearest' })
  return parts
}

/** The header, padded with blanks so that the values begin at a multiple of 8. */
function headerOf(planned: readonly Planned[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries: [string, unknown][] = [['__metadata__', metadata]]
  let offset = 0
  for (const { name, shape } of planned) {
    const end = offset + shape.reduce((product, side) => product * side, 4)
    entries.push([name, { dtype: 'F32', shape, data_offsets: [offset, end] }])
    offset = end
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)))
  const length = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + length).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(json, 8)
  return bytes
}

function littleEndian(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4))
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i]!, true)
  return new Uint8Array(view.buffer)
}

function mustHave<Value>(value: Value | undefined, id: string): Value {
  if (value !== undefined) return value
  throw new PerStreamError('memory-not-found', `"${id}" was deleted while it was exported: export again`, {
    fields: { id },
  })
}
