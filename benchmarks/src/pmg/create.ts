import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createRandom, normalize } from '@perstream/kit'
import { createMemoryGraph, type MemoryGraph } from '@perstream/pmg'
import type { MemoryInput, MemoryStore } from '@perstream/spec'
import { type Figure, median, ratio } from '../harness'
import type { PartOptions, PartReport } from './part'
import { PrototypeCreate } from './prototype-create'
import { type Contestant, race } from './race'

const dimensions = 384
const space = 'bench'
const largest = 100_000
const goalSize = 10_000
/** Memories a turn. */
const perTurn = 200

/**
 * Measures `create` with duplicate detection and entity resolution, encoder and store excluded, against the prototype's linear scan of
 * nodes and edges; and the bytes that memories take.
 */
export async function benchCreate({ rounds, sizes }: PartOptions): Promise<PartReport> {
  const figures: Figure[] = []
  for (const size of sizes.filter((each) => each <= largest)) figures.push(...(await measureSize(size, rounds)))
  return {
    figures,
    notes: [
      `create: ${dimensions}-d vectors of random directions, texts of a dozen words, one triplet a memory, half of the ends known before; one call a memory; a store that keeps nothing`,
      'create: the prototype looks through the nodes of one category and all edges; here all nodes are of one',
    ],
  }
}

async function measureSize(size: number, rounds: number): Promise<Figure[]> {
  const vectors = createVectors()
  const plain = await measureBytes(size, vectors, false)
  const linked = await measureBytes(size, vectors, true)
  const { graph } = linked
  const prototype = new PrototypeCreate()
  for (let i = 0; i < size; i++) prototype.fill(tripletOf(i), vectors)
  let next = size
  const create: Contestant = () => {
    const inputs = Array.from({ length: perTurn }, () => inputOf(next++, vectors, true))
    return timeEach(perTurn, (i) => graph.create([inputs[i]!]))
  }
  let scanned = size
  const turns = Math.max(1, Math.round(20_000 / size))
  const scan: Contestant = () => timeEach(turns, async () => prototype.create(tripletOf(scanned++), vectors))
  const times = await race({ create, scan }, rounds)
  const title = `create at ${size}`
  return [
    { name: `${title}: one memory`, value: median(times.create) * 1000, unit: 'us', better: 'lower' },
    {
      name: title,
      value: ratio(times.scan, times.create),
      unit: 'x faster',
      better: 'higher',
      peer: 'linear scan of nodes and edges',
      ...(size === goalSize && { goal: 500 }),
    },
    bytesFigure(`memory at ${size}`, plain.share, size === largest),
    bytesFigure(`memory at ${size}, a triplet each`, linked.share, false),
  ]
}

function bytesFigure(name: string, value: number, isGoal: boolean): Figure {
  return { name, value, unit: 'x', better: 'lower', peer: 'vectors (f32, int8) and text', ...(isGoal && { goal: 1.3 }) }
}

/** Fills a graph; its bytes are what the heap and the memory outside it (vectors, indexes) grew by. */
async function measureBytes(
  size: number,
  vectors: (label: string) => Float32Array,
  linked: boolean,
): Promise<{ graph: MemoryGraph; share: number }> {
  const before = bytesInUse()
  const graph = await createMemoryGraph({ store: noStore() })
  for (let i = 0; i < size; i += 100)
    await graph.create(Array.from({ length: Math.min(100, size - i) }, (_, j) => inputOf(i + j, vectors, linked)))
  const { textBytes, memories } = graph.stats()
  const payload = textBytes + memories * dimensions * 5
  return { graph, share: (bytesInUse() - before) / payload }
}

function bytesInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function timeEach(times: number, work: (turn: number) => Promise<unknown>): Promise<number> {
  const start = performance.now()
  for (let i = 0; i < times; i++) await work(i)
  return (performance.now() - start) / times
}

/** Takes batches and forgets them. */
function noStore(): MemoryStore {
  return {
    commit: async () => undefined,
    load: async function* () {},
    [Symbol.asyncDispose]: async () => undefined,
  }
}

function inputOf(i: number, vectors: (label: string) => Float32Array, linked: boolean): MemoryInput {
  const triplet = tripletOf(i)
  return {
    text: `On day ${i % 900} ${triplet.subject} put ${triplet.object} into box ${i} next to the window of the old house`,
    ...{ category: 'notes', origin: 'seen', embedding: vectors(`${i}`), space },
    ...(linked && { triplets: [triplet] }),
    evidence: [{ source: 'day.mp4', startSeconds: i, endSeconds: i + 1, frames: [i * 25] }],
  }
}

/** Every second time, a subject or an object that was there before. */
function tripletOf(i: number): { subject: string; predicate: string; object: string } {
  const earlier = Math.floor(i / 2)
  return {
    subject: i % 2 ? `person ${earlier}` : `person ${i}`,
    predicate: 'put away',
    object: i % 3 ? `item ${i}` : `item ${earlier}`,
  }
}

/** Vectors of random directions, the same for a label only by chance: none is found by its vector. */
function createVectors(): (label: string) => Float32Array {
  const random = createRandom(11)
  const pool = Float32Array.from({ length: 2 ** 18 }, () => random.gaussian())
  return () => {
    const [a, b] = [random.integer(0, pool.length - dimensions), random.integer(0, pool.length - dimensions)]
    return normalize(Float32Array.from({ length: dimensions }, (_, i) => pool[a + i]! + pool[b + i]!))
  }
}
