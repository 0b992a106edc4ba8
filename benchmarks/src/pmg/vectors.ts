import { VectorIndex } from '@perstream/pmg/vectors'
import { type Figure, median, ratio } from '../harness'
import { type CompiledPeer, compilePeer } from './c-peer'
import type { PartOptions, PartReport } from './part'
import { type Contestant, race, timed, timesPerTurn } from './race'
import { createReadFloor, type ReadFloor } from './read-floor'
import { syntheticData, textData, type VectorData } from './vector-data'
import { filterFigures } from './vector-filters'
import { measureRecall } from './vector-recall'

/** The size at which the f32 scan is held to the read floor, and up to which the slow peers take part. */
const goalSize = 100_000
const limit = 5

/** The C programs to compare with, compiled; a text that says why where that could not be done. */
interface Peers {
  readonly dot: CompiledPeer | string
  readonly filter: CompiledPeer | string
}

/** Measures exact vector search: against what reading costs, against C and its own twin, with and without filters. */
export async function benchVectors(options: PartOptions): Promise<PartReport> {
  const peers: Peers = { dot: compilePeer('dot-peer'), filter: compilePeer('filter-peer') }
  try {
    return await benchAll(options, peers)
  } finally {
    for (const peer of [peers.dot, peers.filter]) if (typeof peer === 'object') peer.remove()
  }
}

async function benchAll({ rounds, sizes, data }: PartOptions, peers: Peers): Promise<PartReport> {
  const floor = await createReadFloor()
  const texts = await textData(data)
  const sources = [syntheticData(384), ...(typeof texts === 'string' ? [] : [texts])]
  const notes = [
    'read floor: the sum of as many bytes as the f32 vectors have, of the very WASM memory they are in, by the widest loads and eight accumulators',
    'recall@5: of the best five by double precision; the run ends with an error where int8 and f32 differ in a slot or a score',
    `the C peer (gcc -O3 -march=native -ffast-math) and the TypeScript twin take part up to ${goalSize} rows`,
    'filters in C: dot products with the 8-bit codes of the rows left, fetched ahead; no f32 rows are read, no best five kept',
    ...sources.map(({ note }) => note),
    ...[texts, peers.dot, peers.filter].filter((each) => typeof each === 'string'),
  ]
  const figures: Figure[] = []
  for (const source of sources)
    for (const size of sizes) {
      console.error(`vectors: ${size} x ${source.dimensions}, ${source.name}`)
      figures.push(...(await benchOne(source, size, rounds, floor, peers)))
    }
  return { figures, notes }
}

async function benchOne(
  source: VectorData,
  size: number,
  rounds: number,
  floor: ReadFloor,
  peers: Peers,
): Promise<Figure[]> {
  const { dimensions, queries } = source
  const title = `${size} x ${dimensions} ${source.name}`
  const { made: index, read } = floor.over(() => filled(source, size), size * dimensions * 4)
  const peer = size <= goalSize && typeof peers.dot === 'object' ? peers.dot.start(size, dimensions) : undefined
  const milliseconds = (size * dimensions) / 3e6
  const search = (searched: VectorIndex, slower: number, scan: 'f32' | 'int8') =>
    timed(milliseconds * slower, (i) => searched.search(queries[i % queries.length]!, { limit, scan }))
  const contestants: Record<string, Contestant> = {
    floor: timed(milliseconds, read),
    f32: search(index, 1, 'f32'),
    int8: search(index, 0.3, 'int8'),
  }
  if (size <= goalSize) contestants.twin = search(filled(source, size, 'typescript'), 5, 'f32')
  if (peer) {
    const searches = timesPerTurn(milliseconds)
    contestants.c = async () => (await peer.measure(searches)) / searches
  }
  const times = await race(contestants, rounds)
  peer?.close()
  const filterPeer = typeof peers.filter === 'object' ? peers.filter : undefined
  return [
    ...speedFigures(title, size, times),
    ...sizeFigures(title, size, index, measureRecall(index, queries)),
    ...(size >= goalSize ? await filterFigures(title, index, queries, rounds, filterPeer) : []),
  ]
}

function filled({ dimensions, vectors }: VectorData, size: number, engine?: 'typescript'): VectorIndex {
  const index = new VectorIndex(dimensions, { engine })
  let slot = 0
  for (const vector of vectors(size)) index.put(slot++, vector)
  return index
}

function speedFigures(title: string, size: number, times: Readonly<Record<string, number[]>>): Figure[] {
  const { floor = [], f32 = [], int8 = [], twin, c } = times
  const spent = (name: string, values: readonly number[]): Figure => ({
    name: `${title}: ${name}`,
    value: median(values),
    unit: 'ms',
    better: 'lower',
  })
  const against = (name: string, value: number, peer: string, goal?: number): Figure => ({
    name: `${title}: ${name}`,
    value,
    unit: 'x',
    better: 'lower',
    peer,
    ...(goal !== undefined && { goal }),
  })
  return [
    spent('read floor', floor),
    spent('f32 scan', f32),
    spent('int8 scan', int8),
    against('f32 scan', ratio(f32, floor), 'read floor', size === goalSize ? 1.25 : undefined),
    against('int8 scan', ratio(int8, f32), 'f32 scan', size >= goalSize ? 0.5 : undefined),
    ...(c ? [against('f32 scan', ratio(f32, c), 'C, f32'), against('int8 scan', ratio(int8, c), 'C, f32')] : []),
    ...(twin ? [against('TypeScript twin', ratio(twin, f32), 'f32 scan')] : []),
  ]
}

function sizeFigures(title: string, size: number, index: VectorIndex, recall: number): Figure[] {
  const bytes = index.byteLength / (size * index.dimensions * 5)
  const peer = 'f32 and int8 values alone'
  return [
    { name: `${title}: recall@5 of the int8 scan`, value: recall, unit: '', goal: 1, better: 'higher' },
    { name: `${title}: memory`, value: bytes, unit: 'x', goal: 1.3, better: 'lower', peer },
  ]
}
