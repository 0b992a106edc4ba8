import { performance } from 'node:perf_hooks'
import { createRandom, normalize } from '@perstream/kit'
import { createMemoryGraph, createVolatileStore, type MemoryGraph } from '@perstream/pmg'
import { planReduction } from '@perstream/reduction'
import type { ReductionStrategy } from '@perstream/spec'
import { bytesOf } from '../measure/left'
import type { NamedStrategy } from '../strategies/named-strategy'

/** Milliseconds that reducing memories of texts and vectors to a tenth of their parts took. */
export interface SpeedRow {
  readonly strategy: string
  readonly memories: number
  /** Listing the parts; ordering and choosing; and taking them away, in a graph in memory. */
  readonly list: number
  readonly plan: number
  readonly apply: number
}

const dimensions = 384
const budget = 0.1
const batch = 5000
/** Of graphs this large or larger, one is measured: what was learned on smaller ones has warmed the code up. */
const large = 50_000

/** How speed is measured. */
export interface SpeedOptions {
  readonly strategies: readonly NamedStrategy[]
  readonly sizes: readonly number[]
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  readonly onRound?: (() => void) | undefined
}

/** Reduces graphs of so many memories to a tenth of their parts, each time a graph made anew; of several rounds the fastest counts. */
export async function measureSpeed({ strategies, sizes, seed, signal, onRound }: SpeedOptions): Promise<SpeedRow[]> {
  const rows: SpeedRow[] = []
  for (const memories of sizes)
    for (const { name, of } of strategies) {
      signal?.throwIfAborted()
      const strategy = of([])[0]!
      const rounds = memories < large ? 3 : 1
      let best: Times | undefined
      for (let round = 0; round < rounds; round++) {
        await using graph = await filled(memories, seed)
        const times = await timed(graph, strategy)
        if (!best || totalOf(times) < totalOf(best)) best = times
      }
      rows.push({ strategy: name, memories, ...best! })
      onRound?.()
    }
  return rows
}

type Times = Pick<SpeedRow, 'list' | 'plan' | 'apply'>

/** Milliseconds of one reduction. */
function totalOf({ list, plan, apply }: Times): number {
  return list + plan + apply
}

async function timed(graph: MemoryGraph, strategy: ReductionStrategy): Promise<Times> {
  const target = graph.bytes - (1 - budget) * bytesOf(graph.parts())
  const start = performance.now()
  let [listed, planned] = [start, start]
  await graph.reduce(target, (table, excess) => {
    listed = performance.now()
    const { steps } = planReduction(table, strategy, excess)
    planned = performance.now()
    return steps
  })
  return { list: listed - start, plan: planned - listed, apply: performance.now() - planned }
}

/** A graph of made-up sentences with random unit vectors. */
async function filled(memories: number, seed: number): Promise<MemoryGraph> {
  const random = createRandom(seed)
  const graph = await createMemoryGraph({ store: createVolatileStore(), now: () => 0 })
  for (let start = 0; start < memories; start += batch) {
    const inputs = Array.from({ length: Math.min(batch, memories - start) }, (_, i) => ({
      text: `I put the ${random.pick(things)} ${start + i} ${random.pick(places)} of room ${random.integer(1, 500)}`,
      ...{ category: 'notes', origin: 'described' as const, space: 'random', learnedAt: -random.integer(0, 1e9) },
      embedding: normalize(Float32Array.from({ length: dimensions }, () => random.next() - 0.5)),
    }))
    await graph.create(inputs)
  }
  return graph
}

const things = ['keys', 'blue cup', 'charger', 'letter', 'glasses', 'receipt', 'red bag', 'notebook']
const places = ['on the shelf', 'under the lamp', 'in the drawer', 'behind the door', 'on the table']
