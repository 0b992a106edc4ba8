import type { Memory, MemoryInput, MemoryQuery, MemoryRetriever, MemoryWriter } from '@perstream/spec'
import { beforeEach, describe, expect, it } from 'vitest'

/** A memory under test, empty, without a text encoder. Its vectors have 4 dimensions, of the space 'contract'. */
export type MemoryGraphSubject = MemoryWriter & MemoryRetriever

/** Registers the tests that every `MemoryWriter` must pass; what was written is seen through its `retrieve`. */
export function memoryWriterContract(name: string, open: () => Promise<MemoryGraphSubject>): void {
  describe(`MemoryWriter contract: ${name}`, () => {
    const current = {} as Current
    beforeEach(async () => {
      current.graph = await open()
    })

    testSameness(current)
    testWrites(current)
    testContradictions(current)
    testRefusals(current)
  })
}

/** What the test that runs works on. */
interface Current {
  graph: MemoryGraphSubject
}

function testSameness(current: Current): void {
  it('does not store again what is seen again: its evidence grows', async () => {
    const [first] = await current.graph.create([input('Dentist 14:30', { evidence: [seen(1)] })])
    const [second, third] = await current.graph.create([
      input('dentist  14:30.', { evidence: [seen(3)] }),
      input('Dentist 14:30', { evidence: [seen(900)] }),
    ])
    expect([second, third]).toEqual(Array(2).fill({ id: first!.id, outcome: 'extended' }))
    const { evidence } = await find(current.graph, 'dentist')
    expect(evidence.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds])).toEqual([
      [1, 4],
      [900, 901],
    ])
    expect(evidence[0]!.frames).toEqual([10, 30])
  })

  it.each([
    ['Gate 12', 'Gate 13'],
    ['I never eat meat', 'I always eat meat'],
    ['I moved from Berlin to Paris', 'I moved from Paris to Berlin'],
    ['Call Anna', 'Call Anne'],
    ['It costs $5', 'It costs €5'],
    ['The lift works', "The lift doesn't work"],
    ['The red box', 'The blue box'],
    ['Temperature -5', 'Temperature 5'],
  ])('keeps "%s" and "%s" apart, however near their vectors are', async (one, other) => {
    const embedding = Float32Array.of(1, 0, 0, 0)
    const results = await current.graph.create(
      [one, other].map((text) => input(text, { embedding, space: 'contract' })),
    )
    expect(results.map(({ outcome }) => outcome)).toEqual(['created', 'created'])
  })

  it('keeps owners apart', async () => {
    const results = await current.graph.create([
      input('a blue door', { owner: 'ann' }),
      input('a blue door', { owner: 'ben' }),
    ])
    expect(new Set(results.map(({ id }) => id)).size).toBe(2)
  })
}

function testWrites(current: Current): void {
  it('stores memories, one result each, in order', async () => {
    const results = await current.graph.create([input('a red bicycle'), input('a green umbrella')])
    expect(results.map(({ outcome }) => outcome)).toEqual(['created', 'created'])
    expect(await find(current.graph, 'umbrella')).toMatchObject({
      id: results[1]!.id,
      text: 'a green umbrella',
      category: 'notes',
    })
  })

  it('revises the memory of a track', async () => {
    const [first] = await current.graph.create([input('D3ntist 1430', { track: 't', evidence: [seen(1)] })])
    const [second] = await current.graph.create([input('Dentist 14:30', { track: 't', evidence: [seen(2)] })])
    expect(second).toEqual({ id: first!.id, outcome: 'revised' })
    expect(await find(current.graph, 'dentist')).toMatchObject({ id: first!.id, text: 'Dentist 14:30' })
    expect(await current.graph.retrieve({ text: 'D3ntist' })).toEqual([])
    const [other] = await current.graph.create([
      input('Exit', { track: 't', evidence: [{ ...seen(1), source: 'other.mp4' }] }),
    ])
    expect(other!.outcome).toBe('created')
  })

  it('records progress with the write, and alone', async () => {
    expect(current.graph.progress('a.mp4')).toBeUndefined()
    await current.graph.create([input('a note')], { progress: { source: 'a.mp4', seconds: 4 } })
    expect(current.graph.progress('a.mp4')).toEqual({ source: 'a.mp4', seconds: 4 })
    expect(await current.graph.create([], { progress: { source: 'a.mp4', seconds: 9.5 } })).toEqual([])
    expect(current.graph.progress('a.mp4')).toEqual({ source: 'a.mp4', seconds: 9.5 })
  })

  it('erases memories and counts those it knew', async () => {
    const [a] = await current.graph.create([input('a red bicycle'), input('a red tricycle')])
    expect(await current.graph.delete([a!.id, a!.id, 'nobody'])).toBe(1)
    expect((await current.graph.retrieve({ text: 'red' })).map(({ memory }) => memory.text)).toEqual(['a red tricycle'])
    const [again] = await current.graph.create([input('a red bicycle')])
    expect(again!.outcome).toBe('created')
  })

  it('takes overlapping writes in the order of the calls', async () => {
    const writes = Array.from({ length: 20 }, (_, i) =>
      current.graph.create([input(i % 2 ? 'the same' : `number ${i}`)]),
    )
    const results = (await Promise.all(writes)).flat()
    expect(results[1]!.outcome).toBe('created')
    expect(results.filter(({ outcome }) => outcome === 'extended').length).toBe(9)
  })
}

function testContradictions(current: Current): void {
  it('keeps what contradicts, and marks both until one is gone', async () => {
    const told = (value: string) => [{ subject: 'wifi password', predicate: 'is', object: value }]
    const [one, other] = await current.graph.create([
      input('The wifi password is tulip', { triplets: told('tulip') }),
      input('The wifi password is orchid', { triplets: told('orchid') }),
    ])
    expect(await find(current.graph, 'tulip')).toMatchObject({ id: one!.id, conflicts: [other!.id] })
    expect(await find(current.graph, 'orchid')).toMatchObject({ id: other!.id, conflicts: [one!.id] })
    await current.graph.delete([other!.id])
    expect((await find(current.graph, 'tulip')).conflicts ?? []).toEqual([])
  })

  it('does not take two tastes for a contradiction', async () => {
    const likes = (object: string) => [{ subject: 'I', predicate: 'like', object }]
    await current.graph.create([
      input('I like tea', { triplets: likes('tea') }),
      input('I like coffee', { triplets: likes('coffee') }),
    ])
    expect((await find(current.graph, 'tea')).conflicts ?? []).toEqual([])
  })
}

function testRefusals(current: Current): void {
  it('refuses bad input by name and stores nothing of its batch', async () => {
    const bad: [string, Partial<MemoryInput>][] = [
      ['text', { text: ' ' }],
      ['text', { text: 'x'.repeat(1 << 20) }],
      ['text', { text: 'half a character: \ud83d' }],
      ['owner', { owner: '' }],
      ['learnedAt', { learnedAt: Number.NaN }],
      ['confidence', { confidence: 2 }],
      ['embedding', { embedding: new Float32Array(4), space: 'contract' }],
      ['embedding', { embedding: Float32Array.of(1, Number.NaN, 0, 0), space: 'contract' }],
      ['space', { embedding: Float32Array.of(1, 0, 0, 0) }],
      ['validTo', { validFrom: 2, validTo: 1 }],
      ['endSeconds', { evidence: [{ ...seen(5), endSeconds: 1 }] }],
      ['subject', { triplets: [{ subject: '', predicate: 'is', object: 'x' }] }],
    ]
    for (const [field, override] of bad) {
      const attempt = current.graph.create([input('fine words'), input('bad words', override)])
      await expect(attempt, field).rejects.toThrow(TypeError)
      await expect(attempt).rejects.toThrow(field)
    }
    expect(await current.graph.retrieve({ text: 'fine words' })).toEqual([])
  })

  it('refuses vectors of another space or width', async () => {
    await current.graph.create([input('a', { embedding: Float32Array.of(1, 0, 0, 0), space: 'contract' })])
    for (const other of [
      { embedding: Float32Array.of(1, 0, 0), space: 'contract' },
      { embedding: Float32Array.of(1, 0, 0, 0), space: 'other' },
    ])
      await expect(current.graph.create([input('b', other)])).rejects.toMatchObject({ code: 'space-mismatch' })
  })
}

/** Registers the tests that every `MemoryRetriever` must pass; it is filled through its `create`. */
export function memoryRetrieverContract(name: string, open: () => Promise<MemoryGraphSubject>): void {
  describe(`MemoryRetriever contract: ${name}`, () => {
    const current = {} as Current
    beforeEach(async () => {
      current.graph = await open()
    })

    testSearch(current)
    testResults(current)
    testFilters(current)
    testQueries(current)
  })
}

async function textsOf(graph: MemoryGraphSubject, query: MemoryQuery): Promise<string[]> {
  return (await graph.retrieve(query)).map(({ memory }) => memory.text)
}

function testSearch(current: Current): void {
  it('finds by words, best first, each once, with parts that sum to the score', async () => {
    await current.graph.create([
      input('The dentist appointment is on Tuesday at 14:30', { triplets: [fact('appointment')] }),
      input('Tuesday is market day', { triplets: [fact('market')] }),
      input('The bakery sells rye bread', { triplets: [fact('bakery')] }),
    ])
    const found = await current.graph.retrieve({ text: 'when is my dentist appointment on tuesday?' })
    expect(found[0]!.memory.text).toContain('dentist')
    expect(new Set(found.map(({ memory }) => memory.id)).size).toBe(found.length)
    found.forEach(({ score, parts, similarity }, i) => {
      expect(parts.vector + parts.lexical + parts.graph + parts.time).toBeCloseTo(score, 6)
      expect(score).toBeLessThanOrEqual(found[i - 1]?.score ?? Number.POSITIVE_INFINITY)
      expect(similarity).toBeUndefined()
    })
  })

  it('finds by vector, and says how near', async () => {
    const vectors = [Float32Array.of(1, 0, 0, 0), Float32Array.of(0.6, 0.8, 0, 0), Float32Array.of(0, 0, 1, 0)]
    await current.graph.create(
      vectors.map((embedding, i) => input(`thing number ${i}`, { embedding, space: 'contract' })),
    )
    const found = await current.graph.retrieve({ vector: Float32Array.of(1, 0, 0, 0), space: 'contract', limit: 2 })
    expect(found.map(({ memory }) => memory.text)).toEqual(['thing number 0', 'thing number 1'])
    expect(found.map(({ similarity }) => similarity)).toEqual([expect.closeTo(1, 5), expect.closeTo(0.6, 5)])
  })

  it('finds a memory without a vector by its words, among those with one', async () => {
    const embedding = Float32Array.of(0, 1, 0, 0)
    await current.graph.create([
      input('a plain wall', { embedding, space: 'contract' }),
      input('the plate is B-XY 123'),
    ])
    const [best] = await current.graph.retrieve({ text: 'plate XY', vector: Float32Array.of(1, 0, 0, 0) })
    expect(best!.memory.text).toBe('the plate is B-XY 123')
  })

  it('walks over shared entities, but not over the owner', async () => {
    await current.graph.create([
      input('Anna has a brown dog', { triplets: [{ subject: 'Anna', predicate: 'has', object: 'dog' }] }),
      input('She sings on Sundays', { triplets: [{ subject: 'Anna', predicate: 'sings on', object: 'Sundays' }] }),
      input('I have a kite', { triplets: [{ subject: 'I', predicate: 'have', object: 'kite' }] }),
      input('I like rain', { triplets: [{ subject: 'I', predicate: 'like', object: 'rain' }] }),
    ])
    expect(await textsOf(current.graph, { text: 'brown dog' })).toEqual([
      'Anna has a brown dog',
      'She sings on Sundays',
    ])
    expect(await textsOf(current.graph, { text: 'kite' })).toEqual(['I have a kite'])
  })
}

function testResults(current: Current): void {
  it('gives nothing when nothing fits, and 5 by default', async () => {
    await current.graph.create(Array.from({ length: 9 }, (_, i) => input(`sign ${i} of the garage`)))
    expect(await textsOf(current.graph, { text: 'zebra' })).toEqual([])
    expect((await textsOf(current.graph, { text: 'garage' })).length).toBe(5)
    expect((await textsOf(current.graph, { text: 'garage', limit: 9 })).length).toBe(9)
  })

  it('gives one slot to what says the same', async () => {
    await current.graph.create([
      input('I often wear a black jacket'),
      input('I wear black jackets often'),
      input('I wear a red hat'),
    ])
    expect((await textsOf(current.graph, { text: 'what do I wear' })).length).toBe(2)
  })
}

function testFilters(current: Current): void {
  it('keeps to each filter', async () => {
    const [one] = await current.graph.create([
      input('blue door one', {
        owner: 'ann',
        category: 'places',
        learnedAt: 100,
        validFrom: 50,
        validTo: 80,
        evidence: [seen(5)],
      }),
      input('blue door two', {
        owner: 'ben',
        category: 'notes',
        learnedAt: 200,
        validFrom: 80,
        evidence: [seen(50)],
      }),
      input('blue door three', {
        owner: 'ben',
        category: 'notes',
        learnedAt: 300,
        evidence: [{ ...seen(7), source: 'b.mp4' }],
      }),
    ])
    const cases: [Partial<MemoryQuery>, string[]][] = [
      [{ owner: 'ann' }, ['one']],
      [{ categories: ['notes'] }, ['three', 'two']],
      [{ source: 'a.mp4' }, ['one', 'two']],
      [{ until: { source: 'a.mp4', seconds: 49 } }, ['one', 'three']],
      [{ asOf: 200 }, ['one', 'two']],
      [{ validAt: 50 }, ['one', 'three']],
      [{ validAt: 80 }, ['three', 'two']],
      [{ exclude: [one!.id] }, ['three', 'two']],
    ]
    for (const [filter, expected] of cases) {
      const found = await textsOf(current.graph, { text: 'blue door', ...filter })
      expect(found.map((text) => text.slice(10)).sort(), JSON.stringify(filter)).toEqual(expected)
    }
  })

  it('shows no evidence from after the moment', async () => {
    await current.graph.create([input('blue door', { evidence: [seen(1), seen(6), seen(100)] })])
    const [found] = await current.graph.retrieve({ text: 'door', until: { source: 'a.mp4', seconds: 4 } })
    expect(found!.memory.evidence).toMatchObject([{ startSeconds: 1, endSeconds: 4, frames: [10] }])
  })
}

function testQueries(current: Current): void {
  it('refuses bad questions', async () => {
    await current.graph.create([input('a', { embedding: Float32Array.of(1, 0, 0, 0), space: 'contract' })])
    const bad: MemoryQuery[] = [
      {},
      { text: '' },
      { text: 'a', limit: 0 },
      { text: 'a', until: { source: 'a.mp4', seconds: Number.NaN } },
      { text: 'a', asOf: Number.NaN },
      { vector: new Float32Array(4) },
    ]
    for (const query of bad)
      await expect(current.graph.retrieve(query), JSON.stringify(query)).rejects.toThrow(TypeError)
    for (const query of [{ vector: Float32Array.of(1, 0) }, { vector: Float32Array.of(1, 0, 0, 0), space: 'other' }])
      await expect(current.graph.retrieve(query)).rejects.toMatchObject({ code: 'space-mismatch' })
  })
}

function input(text: string, override: Partial<MemoryInput> = {}): MemoryInput {
  return { text, category: 'notes', origin: 'read', ...override }
}

function seen(second: number) {
  return { source: 'a.mp4', startSeconds: second, endSeconds: second + 1, frames: [second * 10] }
}

function fact(object: string) {
  return { subject: 'I', predicate: 'know', object }
}

async function find(graph: MemoryGraphSubject, text: string): Promise<Memory> {
  const [best] = await graph.retrieve({ text })
  expect(best, `nothing found for "${text}"`).toBeDefined()
  return best!.memory
}
