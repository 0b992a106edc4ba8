import { performance } from 'node:perf_hooks'
import { type Figure, median, ratio } from '../harness'
import { runChild } from '../run/child'
import { createVectors, dimensions, fillGraph, inputOf, tripletOf } from './boxes'
import type { PartOptions, PartReport } from './part'
import { PrototypeCreate } from './prototype-create'
import { type Contestant, race } from './race'

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
  const plain = await shareOf(size, 'plain')
  const linked = await shareOf(size, 'linked')
  const graph = await fillGraph(size, vectors, true)
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
    bytesFigure(`memory at ${size}`, plain, size === largest),
    bytesFigure(`memory at ${size}, a triplet each`, linked, false),
  ]
}

function bytesFigure(name: string, value: number, isGoal: boolean): Figure {
  return { name, value, unit: 'x', better: 'lower', peer: 'vectors (f32, int8) and text', ...(isGoal && { goal: 1.3 }) }
}

async function timeEach(times: number, work: (turn: number) => Promise<unknown>): Promise<number> {
  const start = performance.now()
  for (let i = 0; i < times; i++) await work(i)
  return (performance.now() - start) / times
}

/** In a process of its own, where nothing else comes and goes. */
function shareOf(size: number, kind: 'plain' | 'linked'): Promise<number> {
  return runChild<number>('../pmg/memory-child.ts', [String(size), kind])
}
