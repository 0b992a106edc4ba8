import type { MemoryInput, Reranker } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph, createVolatileStore, type MemoryGraphOptions } from './index'
import { note } from './made-note'

const monday = Date.parse('2025-10-27T09:00+01:00')

/** Gives each text the number that a rule gives it, and remembers what it was asked. */
function readerBy(rule: (text: string) => number) {
  const calls: { readonly question: string; readonly texts: readonly string[] }[] = []
  const reranker: Reranker = {
    async score(question, texts) {
      calls.push({ question, texts })
      return Float32Array.from(texts, rule)
    },
  }
  return { reranker, calls }
}

async function opened(inputs: readonly MemoryInput[], options: Partial<MemoryGraphOptions>) {
  const clock = { now: () => monday, timeZone: 'Europe/Berlin' }
  const graph = await createMemoryGraph({ store: createVolatileStore(), ...clock, ...options })
  const ids = (await graph.create(inputs)).map(({ id }) => id)
  return { graph, ids }
}

const keys = [
  note('Anna asked me where the keys are, where the car keys are'),
  note('The keys hang behind the door'),
  note('Bought two keys at the hardware store'),
  note('The parcel came'),
]
const hangs = (text: string) => (text.includes('hang') ? 1 : 0)

describe('a reranker', () => {
  it('moves up what it scores higher, on any scale of its own, and says how much that was', async () => {
    const question = { text: 'Where are the keys?' }
    const { graph: plain } = await opened(keys, {})
    const [first] = await plain.retrieve(question)
    expect(first!.memory.text).toContain('Anna')
    expect(first!.parts.reranker).toBeUndefined()
    const results: string[][] = []
    for (const rule of [hangs, (text: string) => 1000 * hangs(text) - 500, (text: string) => hangs(text) / 1e4]) {
      const { graph } = await opened(keys, { reranker: readerBy(rule).reranker, weights: { reranker: 2 } })
      const found = await graph.retrieve(question)
      expect(found[0]!.memory.text).toBe('The keys hang behind the door')
      expect(found[0]!.parts.reranker).toBeGreaterThan(2)
      for (const { score, parts } of found) {
        expect(parts.vector + parts.lexical + parts.graph + parts.time + parts.reranker!).toBeCloseTo(score, 6)
      }
      results.push(found.map(({ memory }) => memory.text))
    }
    expect(new Set(results.map(String)).size).toBe(1)
  })

  it('reads the best twenty, or as many as are asked for up to a hundred', async () => {
    const { reranker, calls } = readerBy(() => 0)
    const many = Array.from({ length: 150 }, (_, i) => note(`A bell rang ${'again '.repeat(i)}`))
    const { graph } = await opened(many, { reranker })
    for (const limit of [5, 30, 150]) await graph.retrieve({ text: 'Which bell rang?', limit })
    expect(calls.map(({ texts }) => texts.length)).toEqual([20, 30, 100])
  })

  it('is asked what is asked beside the time, about what was known then', async () => {
    const { reranker, calls } = readerBy(() => 0)
    const learned = (hours: number) => ({
      validFrom: monday + hours * 3_600_000,
      learnedAt: monday + hours * 3_600_000,
    })
    const inputs = [
      note('I met Rosa at the bakery', learned(-20)),
      note('I met Emil at the station', learned(-19)),
      note('I met Ute at the pool', learned(-1)),
    ]
    const { graph, ids } = await opened(inputs, { reranker })
    await graph.update(ids[0]!, { text: 'I met Rosa at the market' })
    await graph.retrieve({ text: 'Whom did I meet yesterday?', asOf: monday - 2 * 3_600_000 })
    expect(calls).toHaveLength(1)
    expect(calls[0]!.question).not.toContain('yesterday')
    expect([...calls[0]!.texts].sort()).toEqual(['I met Emil at the station', 'I met Rosa at the bakery'])
  })

  it('is not asked where it counts nothing, where nothing is asked in words, and where there is no choice', async () => {
    const { reranker, calls } = readerBy(() => 0)
    const vector = Float32Array.of(0.6, 0.8)
    const inputs = keys.map((each) => ({ ...each, embedding: vector, space: 's' }))
    const { graph } = await opened(inputs, { reranker })
    await graph.retrieve({ vector, space: 's' })
    const { graph: one } = await opened(keys.slice(0, 1), { reranker })
    await one.retrieve({ text: 'Where are the keys?' })
    const { graph: off } = await opened(keys, { reranker, weights: { reranker: 0 } })
    await off.retrieve({ text: 'Where are the keys?' })
    expect(calls).toEqual([])
  })

  it('does not bring an older value back before the newer one', async () => {
    const moved = (text: string, hours: number) =>
      note(text, { validFrom: monday + hours * 3_600_000, learnedAt: monday + hours * 3_600_000 })
    const { reranker } = readerBy((text) => (text.includes('blue') ? 1 : 0))
    const { graph, ids } = await opened([moved('The keys are in the blue bowl', -9), note('The parcel came')], {
      reranker,
      weights: { reranker: 5 },
    })
    await graph.supersede(ids[0]!, moved('The keys are in the red bowl', -2))
    const [first] = await graph.retrieve({ text: 'Where are the keys?' })
    expect(first!.memory.text).toBe('The keys are in the red bowl')
  })

  it('cannot bring back what is deleted while it reads', async () => {
    const { graph, ids } = await opened(keys, {
      reranker: {
        async score(_, texts) {
          await graph.delete([ids[1]!])
          return Float32Array.from(texts, hangs)
        },
      },
    })
    const found = await graph.retrieve({ text: 'Where are the keys?' })
    expect(found.map(({ memory }) => memory.id)).not.toContain(ids[1])
    expect(found.length).toBeGreaterThan(1)
  })

  it.each([
    ['NaN', 'the score NaN for 3 texts', (texts: readonly string[]) => Float32Array.from(texts, () => Number.NaN)],
    ['one score too few', '2 scores for 3 texts', (texts: readonly string[]) => new Float32Array(texts.length - 1)],
  ])('that gives %s is refused', async (_, message, scores) => {
    const { graph } = await opened(keys.slice(0, 3), { reranker: { score: async (_, texts) => scores(texts) } })
    await expect(graph.retrieve({ text: 'Where are the keys?' })).rejects.toThrow(message)
  })

  it('passes on its errors, and why it was stopped', async () => {
    const broken = new Error('out of memory')
    const { graph } = await opened(keys, {
      reranker: {
        async score(_, __, { signal } = {}) {
          signal?.throwIfAborted()
          throw broken
        },
      },
    })
    await expect(graph.retrieve({ text: 'Where are the keys?' })).rejects.toBe(broken)
    const controller = new AbortController()
    const reason = new Error('enough')
    const { graph: slow } = await opened(keys, {
      reranker: {
        async score(_, texts) {
          controller.abort(reason)
          return new Float32Array(texts.length)
        },
      },
    })
    await expect(slow.retrieve({ text: 'Where are the keys?' }, { signal: controller.signal })).rejects.toBe(reason)
  })
})
