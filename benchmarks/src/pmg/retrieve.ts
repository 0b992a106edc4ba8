import { performance } from 'node:perf_hooks'
import { createMemoryGraph } from '@perstream/pmg'
import { VectorIndex } from '@perstream/pmg/vectors'
import type { MemoryStore } from '@perstream/spec'
import { type Figure, median, ratio } from '../harness'
import type { PartOptions, PartReport } from './part'
import { race, timed } from './race'
import { batches, dimensions, questionsOf } from './sentence-memories'

const limit = 5
const goalSize = 100_000
const questions = 32

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
  const graph = await createMemoryGraph({ store: keepsNothing, now: () => size })
  const index = new VectorIndex(dimensions)
  for (const inputs of batches(size)) {
    for (const { embedding } of inputs) index.put(index.count, embedding!)
    await graph.create(inputs)
  }
  const asking = questionsOf(size, questions)
  const question = (i: number) => ({ ...asking[i % questions]!, limit })
  const milliseconds = 0.2 + (size * dimensions) / 3e6
  const asked = (more: object) => async () => {
    const times = Math.max(1, Math.round(60 / milliseconds))
    const start = performance.now()
    for (let i = 0; i < times; i++) await graph.retrieve({ ...question(i), ...more })
    return (performance.now() - start) / times
  }
  const times = await race(
    {
      f32: timed(milliseconds, (i) => index.search(question(i).vector, { limit, scan: 'f32' })),
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
