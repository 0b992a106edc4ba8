import { cosine } from '@perstream/kit'
import { createMemoryGraph, createVolatileStore, createVolatileTensors, type MemoryGraph } from '@perstream/pmg'
import { planReduction } from '@perstream/reduction'
import type { PatchGrid, TextEncoder } from '@perstream/spec'
import { average, pairedInterval } from '@perstream-benchmarks/suite/recall/metrics'
import { bytesOf } from '../measure/left'
import type { NamedStrategy } from '../strategies/named-strategy'
import type { View, Views } from './views'

/** The share of later views of a place that find a memory of its first. */
export interface VisualRow {
  readonly strategy: string
  readonly budget: number
  readonly hitRate: number
  /** 95 %, over the later views. */
  readonly interval: readonly [number, number]
  readonly bytesAfter: number
}

/** What visual hits came to. */
export interface VisualResult {
  readonly features: string
  readonly clips: readonly number[]
  readonly memories: number
  readonly queries: number
  /** By lot. */
  readonly chance: number
  readonly rows: readonly VisualRow[]
}

/** How visual hits are measured. */
export interface VisualOptions {
  readonly strategies: readonly NamedStrategy[]
  readonly budgets: readonly number[]
  readonly text: TextEncoder
  readonly signal?: AbortSignal | undefined
}

/**
 * Measures on clips, each a memory of its own, how often the memory that is nearest by grid is one of the same place. A grid is compared as the mean of its patches'
 * vectors with the mean of the view's; of a memory that has both grids left, the nearer counts.
 */
export async function measureVisual(clips: readonly Views[], options: VisualOptions): Promise<VisualRow[]> {
  const hits = new Map<string, number[]>()
  const bytes = new Map<string, number>()
  for (const views of clips)
    for (const { name, of } of options.strategies)
      for (const budget of options.budgets) {
        const key = `${name} ${budget}`
        for (const strategy of of([])) {
          options.signal?.throwIfAborted()
          await using graph = await filled(views.first, options.text)
          const all = bytesOf(graph.parts())
          const { steps } = planReduction(graph.parts(), strategy, (1 - budget) * all)
          if (steps.length > 0) await graph.reduce(graph.bytes - all + bytesOf(graph.parts(), steps), () => steps)
          hits.set(key, [...(hits.get(key) ?? []), ...(await hitsOf(graph, views.later))])
          bytes.set(key, (bytes.get(key) ?? 0) + bytesOf(graph.parts()) / of([]).length)
        }
      }
  return options.strategies.flatMap(({ name }) =>
    options.budgets.map((budget): VisualRow => {
      const key = `${name} ${budget}`
      const found = hits.get(key)!
      const [low, high] = pairedInterval(
        found,
        found.map(() => 0),
        2000,
      )
      return {
        ...{ strategy: name, budget, hitRate: round(average(found)), interval: [round(low), round(high)] },
        bytesAfter: Math.round(bytes.get(key)!),
      }
    }),
  )
}

async function filled(views: readonly View[], text: TextEncoder): Promise<MemoryGraph> {
  const clock = { now: 0 }
  const stores = { store: createVolatileStore(), tensors: createVolatileTensors() }
  const graph = await createMemoryGraph({ ...stores, text, now: () => clock.now })
  await graph.create(
    views.map(({ place, second, mean, nearest }) => ({
      ...{ text: `I looked at the ${place} at second ${second}`, category: place, origin: 'seen' as const },
      ...{ learnedAt: 1000 * second, meanGrid: mean, nearestGrid: nearest },
      evidence: [{ source: 'clip', startSeconds: second, endSeconds: second + 1, frames: [second] }],
    })),
  )
  clock.now = 1000 * Math.max(...views.map(({ second }) => second))
  return graph
}

/** 1 for each view that finds its place, else 0. */
async function hitsOf(graph: MemoryGraph, later: readonly View[]): Promise<number[]> {
  const known: { place: string; vector: Float32Array }[] = []
  for (const { category, meanGrid, nearestGrid } of [...graph.list(), ...graph.list({ forgotten: true })])
    for (const reference of [meanGrid, nearestGrid]) {
      const grid = reference && (await graph.grid(reference))
      if (grid) known.push({ place: category, vector: meanPatch(grid) })
    }
  return later.map(({ place, mean }) => {
    const asked = meanPatch(mean)
    const scores = known.map(({ vector }) => cosine(asked, vector))
    const best = known[scores.indexOf(Math.max(...scores))]
    return best?.place === place ? 1 : 0
  })
}

function meanPatch({ data, dimensions }: PatchGrid): Float32Array {
  const sum = new Float32Array(dimensions)
  for (let i = 0; i < data.length; i++) sum[i % dimensions]! += data[i]!
  return sum
}

function round(value: number): number {
  return Number(value.toFixed(4))
}
