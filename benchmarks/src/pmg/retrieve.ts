import { createRandom } from '@perstream/kit'
import { createMemoryGraph, type MemoryGraph } from '@perstream/pmg'
import { VectorIndex } from '@perstream/pmg/vectors'
import type { MemoryStore } from '@perstream/spec'
import { type Figure, median, ratio } from '../harness'
import type { PartOptions, PartReport } from './part'
import { race, timed } from './race'
import { createSentences } from './sentences'
import { syntheticData } from './vector-data'

const dimensions = 384
const limit = 5
const goalSize = 100_000
const batch = 1000
const questions = 32
const owners = ['ann', 'ben', 'cleo', 'dan']

/** Measures retrieval from end to end, the question's vector given, against an exact f32 search of the same vectors alone. */
export async function benchRetrieve({ rounds, sizes }: PartOptions): Promise<PartReport> {
  const figures: Figure[] = []
  for (const size of sizes.filter((each) => each <= goalSize)) {
    console.error(`retrieve: ${size} memories`)
    figures.push(...(await benchOne(size, rounds)))
  }
  return {
    figures,
    notes: [
      `retrieve: made-up sentences whose words are as frequent as those of language, vectors of random directions, one triplet each; up to ${goalSize}`,
    ],
  }
}

async function benchOne(size: number, rounds: number): Promise<Figure[]> {
  const { graph, index } = await fill(size)
  const random = createRandom(8)
  const { queries } = syntheticData(dimensions)
  const sentences = createSentences(random, vocabularyOf(size))
  const texts = Array.from({ length: questions }, () => sentences.question())
  const question = (i: number) => ({ text: texts[i % questions]!, vector: queries[i % queries.length]!, limit })
  const milliseconds = 0.2 + (size * dimensions) / 3e6
  const asked = (more: object) => async () => {
    const times = Math.max(1, Math.round(60 / milliseconds))
    const start = performance.now()
    for (let i = 0; i < times; i++) await graph.retrieve({ ...question(i), ...more })
    return (performance.now() - start) / times
  }
  const times = await race(
    {
      f32: timed(milliseconds, (i) => index.search(queries[i % queries.length]!, { limit, scan: 'f32' })),
      retrieve: asked({}),
      filtered: asked({ owner: 'ann', categories: ['place'], asOf: Math.floor(size / 2) }),
    },
    rounds,
  )
  await graph[Symbol.asyncDispose]()
  const title = `${size} memories: `
  const goal = size === goalSize ? { goal: 2 } : {}
  const peer = 'f32 vector search alone'
  return [
    { name: `${title}f32 vector search`, value: median(times.f32), unit: 'ms', better: 'lower' },
    { name: `${title}retrieve`, value: median(times.retrieve), unit: 'ms', better: 'lower' },
    { name: `${title}retrieve`, value: ratio(times.retrieve, times.f32), unit: 'x', better: 'lower', peer, ...goal },
    {
      name: `${title}retrieve, by owner, category and time`,
      value: ratio(times.filtered, times.f32),
      unit: 'x',
      better: 'lower',
      peer,
    },
  ]
}

/** What a graph holds in memory is what is measured: its store keeps no second copy. */
const keepsNothing: MemoryStore = {
  async commit() {},
  async *load() {},
  async [Symbol.asyncDispose]() {},
}

/** Languages grow with what is said in them, by about the square root (Heaps). */
function vocabularyOf(size: number): number {
  return Math.round(30 * Math.sqrt(size))
}

async function fill(size: number): Promise<{ graph: MemoryGraph; index: VectorIndex }> {
  const random = createRandom(7)
  const graph = await createMemoryGraph({ store: keepsNothing, now: () => size })
  const index = new VectorIndex(dimensions)
  const sentences = createSentences(random, vocabularyOf(size))
  let slot = 0
  let inputs: Parameters<MemoryGraph['create']>[0][number][] = []
  for (const embedding of syntheticData(dimensions).vectors(size)) {
    index.put(slot, embedding)
    const { text, triplet } = sentences.memory()
    const category = random.pick(['place', 'name', 'food'])
    const owner = owners[slot % owners.length]!
    inputs.push({ text, category, origin: 'told', owner, embedding, space: 's', triplets: [triplet], learnedAt: slot })
    if (++slot % batch !== 0 && slot !== size) continue
    await graph.create(inputs)
    inputs = []
  }
  return { graph, index }
}
