import { collect, createRandom, dot, normalize } from '@perstream/kit'
import type { MemoryInput, MemoryStore, TextEncoder } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph, createVolatileStore, type MemoryGraph } from './index'

const note = (text: string, override: Partial<MemoryInput> = {}): MemoryInput => ({
  text,
  category: 'notes',
  origin: 'read',
  ...override,
})
const spaced = (...values: number[]) => ({ embedding: Float32Array.from(values), space: 's' })
const seen = (second: number) => ({ source: 'a.mp4', startSeconds: second, endSeconds: second, frames: [second] })

const open = (store: MemoryStore = createVolatileStore(), text?: TextEncoder) =>
  createMemoryGraph({ store, text, now: () => 1_000 })

/** Everything but the header, whose time differs. */
async function state(graph: MemoryGraph): Promise<string[]> {
  return (await collect(graph.export())).slice(1).sort()
}

/** Counts letters: real, small, and wrong about meaning as encoders are. */
const letters: TextEncoder = {
  space: 'letters',
  dimensions: 26,
  maxBatchSize: 2,
  encode: async (texts) => {
    if (texts.length > 2) throw new RangeError(`batch of ${texts.length}`)
    return texts.map((text) => {
      const counts = new Float32Array(26)
      for (const letter of text.toLowerCase()) if (/[a-z]/.test(letter)) counts[letter.charCodeAt(0) - 97]! += 1
      return normalize(counts)
    })
  },
}

describe('what is seen again', () => {
  it('merges nearly the same words only where the embeddings agree', async () => {
    const graph = await open()
    const results = await graph.create([
      note('I wear a black jacket.', spaced(1, 0)),
      note('I wear black jackets', spaced(0.95, 0.31)),
      note('I wear the black jacket', spaced(0, 1)),
      note('I wear black jackets'),
    ])
    expect(results.map(({ outcome }) => outcome)).toEqual(['created', 'extended', 'created', 'created'])
    expect(results[1]!.id).toBe(results[0]!.id)
  })

  it('stores again what became true again', async () => {
    const graph = await open()
    const results = await graph.create([
      note('I live in Bonn', { validFrom: 10, validTo: 20 }),
      note('I live in Bonn', { validFrom: 15, validTo: 30 }),
      note('I live in Bonn', { validFrom: 50 }),
    ])
    expect(results.map(({ outcome }) => outcome)).toEqual(['created', 'extended', 'created'])
    expect(graph.get(results[0]!.id)).toMatchObject({ validFrom: 10, validTo: 30 })
  })

  it('takes the relations of a revised memory away with its old words', async () => {
    const graph = await open()
    const track = { track: 't', evidence: [seen(1)] }
    await graph.create([
      note('Ana calls', { ...track, triplets: [{ subject: 'Ana', predicate: 'calls', object: 'me' }] }),
    ])
    await graph.create([
      note('Anna calls', { ...track, triplets: [{ subject: 'Anna', predicate: 'calls', object: 'me' }] }),
    ])
    expect(graph.entities().map(({ label, kind }) => [label, kind])).toEqual([
      ['me', 'owner'],
      ['Anna', 'thing'],
    ])
    expect(graph.relations().length).toBe(1)
  })

  it('drops the embedding of revised words that come without one', async () => {
    const graph = await open()
    const track = { track: 't', evidence: [seen(1)] }
    const [first] = await graph.create([note('Exlt', { ...track, ...spaced(1, 0) })])
    expect([...graph.embedding(first!.id)!]).toEqual([1, 0])
    await graph.create([note('Exit', track)])
    expect(graph.embedding(first!.id)).toBeUndefined()
    expect(graph.stats()).toMatchObject({ memories: 1, embedded: 0 })
  })
})

describe('entities and relations', () => {
  it('resolve by label across categories, one owner at a time, and go with their last memory', async () => {
    const graph = await createMemoryGraph({ store: createVolatileStore(), owner: 'Jane' })
    const about = (subject: string, object: string, override: Partial<MemoryInput> = {}) =>
      note(`${subject} and ${object}`, { triplets: [{ subject, predicate: ' Knows ', object }], ...override })
    const results = await graph.create([
      about('Anna', 'the red car', { category: 'name' }),
      about('anna', 'Red car.', { category: 'vehicle' }),
      about('I', 'Anna'),
      about('jane', 'Anna'),
      about('Anna', 'a boat', { owner: 'Tom' }),
    ])
    expect(graph.entities().map(({ label, owner, memories }) => [label, owner, memories.length])).toEqual([
      ['Anna', 'Jane', 4],
      ['the red car', 'Jane', 2],
      ['Jane', 'Jane', 2],
      ['Anna', 'Tom', 1],
      ['a boat', 'Tom', 1],
    ])
    expect(graph.relations().map(({ predicate, memories }) => [predicate, memories.length])).toEqual([
      ['knows', 2],
      ['knows', 2],
      ['knows', 1],
    ])
    await graph.delete([results[0]!.id, results[4]!.id])
    expect(graph.entities().map(({ label, owner }) => [label, owner])).toEqual([
      ['Anna', 'Jane'],
      ['Red car.', 'Jane'],
      ['Jane', 'Jane'],
    ])
    await graph.delete(results.map(({ id }) => id))
    expect([graph.entities(), graph.relations(), graph.list()]).toEqual([[], [], []])
  })
})

describe('update', () => {
  it('changes what is given, and embeds new words', async () => {
    const graph = await open(createVolatileStore(), letters)
    const [result] = await graph.create([note('abc')])
    const { id } = result!
    const before = graph.embedding(id)!
    expect(await graph.update(id, { category: 'places', confidence: 0.5 })).toMatchObject({
      text: 'abc',
      category: 'places',
    })
    expect(graph.embedding(id)).toEqual(before)
    await graph.update(id, { text: 'xyz' })
    expect(graph.embedding(id)).toEqual((await letters.encode(['xyz']))[0])
    expect(await graph.retrieve({ text: 'abc', limit: 1 })).toMatchObject([{ memory: { text: 'xyz' }, similarity: 0 }])
    await expect(graph.update('nobody', { text: 'x' })).rejects.toMatchObject({ code: 'memory-not-found' })
    await expect(graph.update(id, { confidence: 7 })).rejects.toThrow('changes.confidence')
  })
})

describe('an encoder', () => {
  it('embeds memories in batches and the question alone', async () => {
    const graph = await open(createVolatileStore(), letters)
    await graph.create(['aaa', 'bbb', 'abab', 'zzz', '123'].map((text) => note(text)))
    expect(graph.stats()).toMatchObject({ embedded: 4, space: 'letters', dimensions: 26 })
    const found = await graph.retrieve({ text: 'aab', limit: 3 })
    expect(found.map(({ memory }) => memory.text)).toEqual(['abab', 'aaa', 'bbb'])
    expect(found[1]!.similarity).toBeCloseTo(2 / Math.sqrt(5), 5)
  })

  it('of another space is refused', async () => {
    const store = createVolatileStore()
    await (await open(store)).create([note('a', spaced(1, 0))])
    await expect(open(store, letters)).rejects.toMatchObject({
      code: 'space-mismatch',
      fields: { stored: 's', given: 'letters' },
    })
  })
})

describe('export and import', () => {
  it('lose nothing, and change nothing the second time', async () => {
    const graph = await open()
    await graph.create(
      [
        note('one 🙂', {
          ...spaced(0.6, 0.8),
          evidence: [seen(4)],
          triplets: [{ subject: 'I', predicate: 'saw', object: 'one' }],
        }),
        note('two', {
          owner: 'Tom',
          track: 't',
          validFrom: 4,
          triplets: [{ subject: 'Tom', predicate: 'saw', object: 'two' }],
        }),
        note('gone', { triplets: [{ subject: 'gone', predicate: 'is', object: 'one' }] }),
      ],
      { progress: { source: 'a.mp4', seconds: 7 } },
    )
    const copy = await open()
    expect(await copy.import(graph.export())).toEqual({ imported: 3, skipped: 0 })
    expect(await state(copy)).toEqual(await state(graph))
    expect(await copy.import(graph.export())).toEqual({ imported: 0, skipped: 3 })
    expect(await state(copy)).toEqual(await state(graph))
  })

  it('name the line that is wrong', async () => {
    const graph = await open()
    await graph.create([note('one', spaced(1, 0))])
    const [header, ...rest] = await collect(graph.export())
    const bad: [string[], string, RegExp][] = [
      [rest, 'input-invalid', /line 1/],
      [[header!, '{"type":'], 'input-invalid', /line 2/],
      [[header!, '{"type":"letter"}'], 'input-invalid', /letter/],
      [[header!.replace('"version":1', '"version":2')], 'store-version', /version 2/],
      [[header!, rest[0]!.replace('"one"', '" "')], 'input-invalid', /memory.text/],
    ]
    for (const [lines, code, message] of bad)
      await expect((await open()).import(lines)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      })
  })
})

describe('a store that fails', () => {
  it('leaves the graph as the store is, and rejects what it did not keep', async () => {
    const inner = createVolatileStore()
    let full = false
    const store: MemoryStore = {
      commit: async (batch) => {
        if (full) throw new Error('disk full')
        return inner.commit(batch)
      },
      load: (after, options) => inner.load(after, options),
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    }
    const graph = await open(store)
    await graph.create([note('kept', { triplets: [{ subject: 'a', predicate: 'is', object: 'b' }] })])
    const before = await state(graph)
    full = true
    const attempts = [graph.create([note('lost')]), graph.create([note('kept')]), graph.delete([graph.list()[0]!.id])]
    const results = await Promise.allSettled(attempts)
    expect(results.map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
    expect(await state(graph)).toEqual(before)
    full = false
    await graph.create([note('later')])
    expect(
      graph
        .list()
        .map(({ text }) => text)
        .sort(),
    ).toEqual(['kept', 'later'])
    expect(await state(await open(inner))).toEqual(await state(graph))
  })
})

describe('calls', () => {
  it('are refused for unknown categories, when aborted, and when closed', async () => {
    const graph = await createMemoryGraph({
      store: createVolatileStore(),
      categories: ['notes', { key: 'places', group: 'g', description: 'd' }],
    })
    await graph.create([note('a', { category: 'places' })])
    await expect(graph.create([note('b', { category: 'nope' })])).rejects.toMatchObject({ code: 'category-unknown' })
    await expect(graph.retrieve({ text: 'a', categories: ['nope'] })).rejects.toMatchObject({
      code: 'category-unknown',
    })
    await expect(graph.create([note('b')], { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop')
    const last = graph.create([note('last')])
    await graph[Symbol.asyncDispose]()
    await graph[Symbol.asyncDispose]()
    await expect(last).resolves.toHaveLength(1)
    await expect(graph.create([note('b')])).rejects.toMatchObject({ code: 'store-closed' })
  })
})

describe('retrieval', () => {
  it('ranks as a plain reading of its formula does', async () => {
    const random = createRandom(17)
    const vector = () => normalize(Float32Array.from({ length: 8 }, () => random.gaussian()))
    const words = ['alpha', 'beta', 'gamma', 'delta', 'omega', 'kappa', 'sigma']
    const graph = await open()
    const inputs = Array.from({ length: 300 }, (_, i) =>
      note(`${random.pick(words)} ${random.pick(words)} unique${i}`, { embedding: vector(), space: 's' }),
    )
    await graph.create(inputs)
    const middle = inputs[0]!.embedding!.map(
      (_, k) => inputs.reduce((sum, { embedding }) => sum + embedding![k]!, 0) / (inputs.length + 8),
    )
    const centred = (a: Float32Array, b: Float32Array) =>
      dot(normalize(a.map((value, k) => value - middle[k]!)), normalize(b.map((value, k) => value - middle[k]!)))
    for (let round = 0; round < 10; round++) {
      const query = { text: random.pick(words), vector: vector(), limit: 7 }
      const cosines = inputs.map(({ embedding }) => centred(embedding!, query.vector))
      const mean = cosines.reduce((a, b) => a + b) / (cosines.length + 8)
      const squares = cosines.reduce((sum, cosine) => sum + (cosine - mean) ** 2, 0)
      const deviation = Math.sqrt((squares + 8 * 0.12 ** 2) / (cosines.length + 8))
      const { scores, rarity } = bm25(
        inputs.map(({ text }) => text.split(' ')),
        query.text,
      )
      const left = inputs.map(({ text, embedding }, i) => {
        return { text, embedding: embedding!, score: (cosines[i]! - mean) / deviation + (4 * scores[i]!) / rarity }
      })
      const plain: { text: string; embedding: Float32Array; score: number }[] = []
      while (plain.length < 7) {
        const rest = left
          .filter(({ text }) => !plain.some((each) => each.text === text))
          .map((each) => {
            const likeness = plain.map(({ embedding }) => centred(each.embedding, embedding))
            return { ...each, score: each.score - 0.5 * Math.max(0, ...likeness) }
          })
        plain.push(rest.reduce((top, each) => (each.score > top.score ? each : top)))
      }
      const found = await graph.retrieve(query)
      expect(found.map(({ memory }) => memory.text)).toEqual(plain.map(({ text }) => text))
      for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(plain[i]!.score, 4)
    }
  })

  it('says little over a hub, and stays bounded', async () => {
    const graph = await open()
    const link = (object: string) => [{ subject: 'sun', predicate: 'shines on', object }]
    await graph.create([
      note('the old lighthouse', {
        triplets: [...link('hub'), { subject: 'lighthouse', predicate: 'has', object: 'keeper' }],
      }),
      note('Olaf mends nets', { triplets: [{ subject: 'keeper', predicate: 'is', object: 'Olaf' }] }),
      ...Array.from({ length: 1000 }, (_, i) => note(`thing number ${i}`, { triplets: link('hub') })),
    ])
    const found = await graph.retrieve({ text: 'lighthouse', limit: 2000 })
    expect(found.slice(0, 2).map(({ memory }) => memory.text)).toEqual(['the old lighthouse', 'Olaf mends nets'])
    expect(found[1]!.parts.graph).toBeGreaterThan(2 * (found[2]?.parts.graph ?? 0))
    expect(found.length).toBeLessThanOrEqual(257)
  })

  it('holds 10,000 memories, and finds each', async () => {
    const random = createRandom(1)
    const graph = await open()
    const inputs = Array.from({ length: 10_000 }, (_, i) =>
      note(`person ${i % 700} put item ${random.integer(0, 5000)} in room ${i % 90} at ${i}`, {
        embedding: Float32Array.from({ length: 384 }, () => random.gaussian()),
        space: 's',
        triplets: [{ subject: `person ${i % 700}`, predicate: 'is in', object: `room ${i % 90}` }],
      }),
    )
    for (let i = 0; i < inputs.length; i += 200) await graph.create(inputs.slice(i, i + 200))
    expect(graph.stats().memories).toBe(10_000)
    for (let i = 0; i < 10_000; i += 500) {
      const [first] = await graph.retrieve({
        text: `where did person ${i % 700} put item`,
        vector: inputs[i]!.embedding!,
      })
      expect(first!.memory.text).toBe(inputs[i]!.text)
    }
  })
})

function bm25(documents: readonly string[][], term: string) {
  const average = documents.reduce((sum, { length }) => sum + length, 0) / documents.length
  const holding = documents.filter((terms) => terms.includes(term)).length
  const rarity = Math.log(1 + (documents.length - holding + 0.5) / (holding + 0.5))
  const scores = documents.map((terms) => {
    const count = terms.filter((each) => each === term).length
    return (rarity * count * 2.2) / (count + 1.2 * (0.75 + (0.25 * terms.length) / average))
  })
  return { scores, rarity }
}
