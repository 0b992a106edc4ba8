import { collect, createRandom, dot, normalize } from '@perstream/kit'
import type { Memory, MemoryInput, MemoryQuery } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph, createVolatileStore, type MemoryGraph } from './index'
import { note } from './made-note'
import { isWithin } from './near-terms'
import { searchTerms } from './words'

const hour = 3_600_000
const monday = Date.parse('2025-10-27T09:00+01:00')
const at = (moment: number) => ({ validFrom: moment, learnedAt: moment })
const like = (...values: number[]) => ({ embedding: normalize(Float32Array.from(values)), space: 's' })

async function filled(inputs: readonly MemoryInput[]): Promise<MemoryGraph> {
  const graph = await createMemoryGraph({ store: createVolatileStore(), now: () => monday, timeZone: 'Europe/Berlin' })
  await graph.create(inputs)
  return graph
}

async function texts(graph: MemoryGraph, query: MemoryQuery): Promise<string[]> {
  return (await graph.retrieve(query)).map(({ memory }) => memory.text)
}

describe('a vector alone', () => {
  it('gives what is nearest to it, exactly', async () => {
    const random = createRandom(5)
    const around = Float32Array.from({ length: 16 }, () => random.gaussian())
    const vector = () => normalize(around.map((value) => value + random.gaussian()))
    const inputs = Array.from({ length: 400 }, (_, i) => note(`thing ${i}`, { embedding: vector(), space: 's' }))
    const graph = await filled(inputs)
    for (let round = 0; round < 20; round++) {
      const query = vector()
      const found = await graph.retrieve({ vector: query, space: 's', limit: 10 })
      const nearest = inputs
        .map(({ text, embedding }) => ({ text, cosine: dot(embedding!, query) }))
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, 10)
      expect(found.map(({ memory }) => memory.text)).toEqual(nearest.map(({ text }) => text))
      for (const [i, { similarity }] of found.entries()) expect(similarity).toBeCloseTo(nearest[i]!.cosine, 5)
    }
  })
})

describe('filters', () => {
  const day = 24 * hour
  const input = fc.record({
    owner: fc.constantFrom('ann', 'ben'),
    category: fc.constantFrom('a', 'b', 'c'),
    source: fc.constantFrom('x.mp4', 'y.mp4', undefined),
    learned: fc.nat(20),
    from: fc.option(fc.nat(20), { nil: undefined }),
    lasts: fc.option(fc.nat(10), { nil: undefined }),
    about: fc.constantFrom('Rosa', 'Emil'),
  })
  const query = fc.record(
    {
      owner: fc.constantFrom('ann', 'ben', 'nobody'),
      categories: fc.subarray(['a', 'b', 'd'], { minLength: 1 }),
      source: fc.constantFrom('x.mp4', 'y.mp4'),
      asOf: fc.nat(20),
      validAt: fc.nat(20),
      during: fc
        .record({ from: fc.nat(20), to: fc.nat(25) }, { requiredKeys: [] })
        .filter(({ from = 0, to = 99 }) => from < to),
      until: fc.record({ source: fc.constantFrom('x.mp4', 'z.mp4'), seconds: fc.nat(40) }),
      participants: fc.subarray(['Rosa', 'emil', 'Nobody'], { minLength: 1 }),
    },
    { requiredKeys: [] },
  )

  it('leave what a plain reading of them leaves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(input, { maxLength: 40 }), query, fc.nat(40), async (made, filter, excluded) => {
        const graph = await filled(
          made.map(({ owner, category, source, learned, from, lasts, about }, i) =>
            note(`word of number ${i}`, {
              owner,
              category,
              learnedAt: learned,
              validFrom: from,
              validTo: from !== undefined && lasts !== undefined ? from + lasts : undefined,
              evidence: source ? [{ source, startSeconds: i, endSeconds: i + 1, frames: [] }] : [],
              triplets: [{ subject: about, predicate: 'says', object: `number ${i}` }],
            }),
          ),
        )
        const exclude = graph
          .list()
          .slice(excluded, excluded + 2)
          .map(({ id }) => id)
        const found = await graph.retrieve({ text: 'word', limit: 100, ...filter, exclude })
        const wanted = graph.list().filter((memory) => passes(memory, filter) && !exclude.includes(memory.id))
        expect(new Set(found.map(({ memory }) => memory.text))).toEqual(new Set(wanted.map(({ text }) => text)))
      }),
      { numRuns: 150 },
    )
  })

  function passes(memory: Memory, { during, until, ...query }: MemoryQuery): boolean {
    const { validFrom = Number.NEGATIVE_INFINITY, validTo = Number.POSITIVE_INFINITY, learnedAt, evidence } = memory
    const begins = memory.validFrom ?? learnedAt
    return (
      (query.owner === undefined || memory.owner === query.owner) &&
      (!query.categories || query.categories.includes(memory.category)) &&
      (query.source === undefined || evidence.some(({ source }) => source === query.source)) &&
      (query.asOf === undefined || learnedAt <= query.asOf) &&
      (query.validAt === undefined || (validFrom <= query.validAt && query.validAt < validTo)) &&
      (!during || (begins < (during.to ?? Infinity) && (during.from ?? -Infinity) < validTo)) &&
      (!until ||
        evidence.length === 0 ||
        evidence.some((seen) => seen.source !== until.source || seen.startSeconds <= until.seconds)) &&
      (query.participants ?? []).every((name) => memory.triplets[0]!.subject.toLowerCase() === name.toLowerCase())
    )
  }

  it('keep to the days that a question names, and to the hours it suggests', async () => {
    const graph = await filled([
      note('Bought a lamp', at(monday - 2 * day)),
      note('Bought a rug', at(monday - 2 * day + 9 * hour)),
      note('Bought a chair', at(monday - 4 * day)),
    ])
    expect((await texts(graph, { text: 'What did I buy on Saturday?' })).sort()).toEqual([
      'Bought a lamp',
      'Bought a rug',
    ])
    expect(await texts(graph, { text: 'What did I buy on Saturday morning?' })).toEqual(['Bought a lamp'])
    const [first] = await graph.retrieve({ text: 'What have I bought in the evening?' })
    expect(first).toMatchObject({ memory: { text: 'Bought a rug' }, parts: { time: 3 } })
    const asked = { text: 'What did I buy yesterday?', now: monday - 3 * day }
    expect(await texts(graph, asked)).toEqual(['Bought a chair'])
  })

  it('find by words where nothing is of the time that is named', async () => {
    const graph = await filled([note('Last Saturday I bought a lamp', at(monday - 90 * day))])
    expect(await texts(graph, { text: 'What did I buy last Saturday?' })).toEqual(['Last Saturday I bought a lamp'])
  })
})

describe('values that change', () => {
  const old = note('The code of the gate is 4471', { ...like(...along(0.1, 0)), ...at(monday - 9 * 24 * hour) })
  const newer = note('New gate code: 9026', { ...like(...along(0, 0.1)), ...at(monday - 2 * 24 * hour) })
  const others = Array.from({ length: 30 }, (_, i) => note(`thing ${i}`, like(...directions[i]!)))
  const vector = like(...along(0.2, 0)).embedding

  it('come newest first, for the moment that is asked about', async () => {
    const graph = await filled([old, newer, ...others])
    const first = async (query: MemoryQuery) => (await texts(graph, { vector, limit: 1, ...query }))[0]
    expect(await first({ text: 'What is the code of the gate?' })).toBe(newer.text)
    expect(await first({ text: 'What was the code of the gate at first?' })).toBe(old.text)
    expect(await first({ text: 'What was the code of the gate on the 20th?' })).toBe(old.text)
    expect(await first({ text: 'What is the code of the gate?', asOf: monday - 5 * 24 * hour })).toBe(old.text)
    expect(await first({})).toBe(old.text)
  })

  it('that were superseded come behind what took their place, or not at all', async () => {
    const graph = await filled([note('Rosa sits in room four', at(1)), note('Moved upstairs', at(2))])
    const [later, earlier] = graph.list()
    const lines = (await collect(graph.export())).map((line) =>
      line.replace(`"id":"${earlier!.id}"`, `"id":"${earlier!.id}","supersededBy":"${later!.id}","supersededAt":2`),
    )
    const copy = await createMemoryGraph({ store: createVolatileStore() })
    await copy.import(lines)
    const text = 'Which room does Rosa sit in?'
    expect(await texts(copy, { text })).toEqual(['Moved upstairs', 'Rosa sits in room four'])
    expect(await texts(copy, { text, asOf: 1 })).toEqual(['Rosa sits in room four'])
    expect(await texts(copy, { text, superseded: 'exclude' })).toEqual([])
  })
})

describe('the value before it changed', () => {
  const told = (text: string, second: number, days: number) =>
    note(text, { ...like(...along(second, 0.1)), ...at(monday - days * 24 * hour) })
  const codes = [
    told('The code of the gate is 4471', 0.1, 9),
    told('New gate code: 9026', 0.12, 6),
    told('New gate code: 3358', 0.14, 3),
    told('Typed 3358 at the gate', 0.16, 1),
  ]
  const others = Array.from({ length: 30 }, (_, i) => note(`thing ${i}`, like(...directions[i]!)))

  it('is neither the newest nor the first', async () => {
    const graph = await filled([...codes, ...others])
    const vector = like(...along(0.13, 0.1)).embedding
    const first = async (text: string) => (await texts(graph, { vector, text, limit: 1 }))[0]
    expect(await first('Which code has the gate?')).toContain('3358')
    expect(await first('Which code did the gate have before it was changed?')).toBe(codes[1]!.text)
  })
})

/** Near the first of sixteen axes. */
function along(second: number, third: number): number[] {
  return [1, second, third, ...new Array<number>(13).fill(0)]
}

/** Thirty directions, the same each time. */
const directions = (() => {
  const random = createRandom(4)
  return Array.from({ length: 30 }, () => Array.from({ length: 16 }, () => random.gaussian()))
})()

describe('events that a question is hung on', () => {
  it('speak for what was after or before them', async () => {
    const graph = await filled([
      note('Bought apples at the kiosk', at(monday - 50 * hour)),
      note('The concert of the brass band', at(monday - 26 * hour)),
      note('Bought bread at the kiosk', at(monday - 25 * hour)),
    ])
    const first = async (text: string) => (await texts(graph, { text }))[0]
    expect(await first('What did I buy at the kiosk after the brass band concert?')).toBe('Bought bread at the kiosk')
    expect(await first('What did I buy at the kiosk before the brass band concert?')).toBe('Bought apples at the kiosk')
  })
})

describe('events whose time memories tell', () => {
  it('are on the days that memories name', async () => {
    const graph = await filled([
      note('Trip to Rome: 22 October, platform 6', at(monday - 10 * 24 * hour)),
      note('Bought apples at the kiosk', at(monday - 8 * 24 * hour)),
      note('Bought bread at the kiosk', at(Date.parse('2025-10-22T19:00+02:00'))),
      note('Bought figs at the kiosk', at(monday - 2 * 24 * hour)),
    ])
    const first = async (text: string) => (await texts(graph, { text }))[0]
    expect(await first('What did I buy at the kiosk before the trip to Rome?')).toBe('Bought apples at the kiosk')
    expect(await first('What did I buy at the kiosk on my first evening in Rome?')).toBe('Bought bread at the kiosk')
    expect(await first('What did I buy at the kiosk when I came home from Rome?')).toBe('Bought figs at the kiosk')
  })

  it('are not looked for where all happened at once', async () => {
    const graph = await filled([note('The concert of the brass band'), note('Bought bread at the kiosk')])
    const found = await graph.retrieve({ text: 'What did I buy after the brass band concert?' })
    expect(found.map(({ parts }) => parts.time)).toEqual([0, 0])
  })
})

describe('words', () => {
  it('are found by what they look like when no memory has them', async () => {
    const graph = await filled([note('Physiotherapist Arslan, 16:40'), note('Kitchen radio is broken')])
    expect(await texts(graph, { text: 'When is the physio?' })).toEqual(['Physiotherapist Arslan, 16:40'])
    expect(await texts(graph, { text: 'kitchne' })).toEqual(['Kitchen radio is broken'])
    expect(await texts(graph, { text: 'kit' })).toEqual([])
  })

  it('are followed to the aliases of entities', async () => {
    const graph = await filled([
      note('She has a cold', { triplets: [{ subject: 'Johanna', predicate: 'has', object: 'a cold' }] }),
      note('Johanna likes figs', { triplets: [{ subject: 'Johanna', predicate: 'likes', object: 'figs' }] }),
    ])
    const lines = (await collect(graph.export())).map((line) =>
      line.replace('"label":"Johanna","aliases":[]', '"label":"Johanna","aliases":["Jo"]'),
    )
    const copy = await createMemoryGraph({ store: createVolatileStore() })
    await copy.import(lines)
    const found = await copy.retrieve({ text: 'What about Jo?' })
    expect(found.map(({ memory }) => memory.text)).toEqual(['Johanna likes figs', 'She has a cold'])
    expect(found[1]!.entities).toEqual(['Johanna'])
    expect((await texts(copy, { text: 'figs cold', participants: ['jo'] })).length).toBe(2)
  })

  it('differ by so many edits as one must make', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
    fc.assert(
      fc.property(word, word, fc.nat(3), (a, b, edits) => {
        expect(isWithin(a, b, edits)).toBe(edit(a, b) <= edits)
      }),
    )
    function edit(a: string, b: string): number {
      if (!a || !b) return a.length + b.length
      const swapped = a[0] === b[1] && a[1] === b[0] && a.length > 1 && b.length > 1
      return Math.min(
        edit(a.slice(1), b) + 1,
        edit(a, b.slice(1)) + 1,
        edit(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
        swapped ? edit(a.slice(2), b.slice(2)) + 1 : Number.POSITIVE_INFINITY,
      )
    }
  })
})

describe('results', () => {
  const word = fc.constantFrom('red', 'blue', 'door', 'key', 'lamp', 'Rosa', 'Emil', 'yesterday', 'before', 'the')
  const sentence = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(' '))

  it('keep to the limit and the budget, explain their scores, and come best first', async () => {
    const made = fc.tuple(
      sentence,
      fc.nat(300),
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(made, { maxLength: 25 }),
        sentence,
        fc.nat(60),
        fc.integer({ min: 1, max: 8 }),
        async (memories, text, maxBytes, limit) => {
          const graph = await filled(
            memories.map(([words, hours, values]) =>
              note(words, {
                ...at(monday - hours * hour),
                ...(values.some((value) => Math.abs(value) > 0.01) && like(...values)),
                triplets: [{ subject: words.split(' ')[0]!, predicate: 'is', object: words }],
              }),
            ),
          )
          const found = await graph.retrieve({ text, vector: Float32Array.of(1, 0, 0), limit, maxBytes })
          expect(found.length).toBeLessThanOrEqual(limit)
          expect(new Set(found.map(({ memory }) => memory.id)).size).toBe(found.length)
          const bytes = found.reduce((sum, { memory }) => sum + Buffer.byteLength(memory.text), 0)
          expect(found.length < 2 || bytes <= maxBytes).toBe(true)
          found.forEach(({ score, parts, confidence, terms, memory }, i) => {
            expect(parts.vector + parts.lexical + parts.graph + parts.time).toBeCloseTo(score, 6)
            expect(score).toBeLessThanOrEqual(found[i - 1]?.score ?? Number.POSITIVE_INFINITY)
            expect(confidence).toBeGreaterThan(0)
            expect(confidence).toBeLessThan(1)
            for (const term of terms!) expect(searchTerms(memory.text)).toContain(term)
          })
        },
      ),
      { numRuns: 150 },
    )
  })

  it('differ in meaning where several score alike', async () => {
    const close = [0, 0.02, 0.04].map((third, i) => note(`red lamp ${i}`, like(...along(0.3, third))))
    const filler = Array.from({ length: 30 }, (_, i) => note(`thing ${i}`, like(...directions[i]!)))
    const vector = like(...along(0, 0)).embedding
    const found = async (variety: number) => {
      const store = createVolatileStore()
      const graph = await createMemoryGraph({ store, now: () => monday, weights: { variety, time: 0, lexical: 0 } })
      await graph.create([...close, ...filler])
      return texts(graph, { text: 'Which lamp?', vector, limit: 2 })
    }
    expect((await found(0)).filter((text) => text.startsWith('red lamp')).length).toBe(2)
    expect((await found(8)).filter((text) => text.startsWith('red lamp')).length).toBe(1)
  })

  it('are told as they were at the time they are asked for', async () => {
    const graph = await filled([note('The meeting is on Tuesday', { ...at(1), category: 'plans' })])
    const [memory] = graph.list()
    await graph.update(memory!.id, { text: 'The meeting is on Thursday', category: 'notes' })
    const newer = await graph.supersede(memory!.id, note('The meeting is on Friday', at(monday + 1)), {
      at: monday + 1,
    })
    const told = async (asOf?: number) =>
      (await graph.retrieve({ text: 'meeting', asOf })).find((hit) => hit.memory.id === memory!.id)!.memory
    expect(await told(1)).toMatchObject({ text: 'The meeting is on Tuesday', category: 'plans', validTo: undefined })
    expect(await told(1)).not.toHaveProperty('supersededBy')
    expect(await told(monday)).toMatchObject({ text: 'The meeting is on Thursday', category: 'notes' })
    expect(await told(monday)).not.toHaveProperty('supersededBy')
    expect(await told()).toMatchObject({ text: 'The meeting is on Thursday', supersededBy: newer.id })
  })

  it('are less sure where nothing of the kind that is asked for is told', async () => {
    const graph = await filled([note('Rosa called from the station'), note('The number of Emil is 0160 993')])
    const sure = async (text: string) => (await graph.retrieve({ text }))[0]!.confidence!
    expect(await sure('What is the phone number of Rosa?')).toBeLessThan(await sure('Which number has Emil?'))
  })

  it('are surer of what was seen than of what was not', async () => {
    const graph = await filled([
      note('My blood group is A positive'),
      note('The train leaves at six'),
      note('Rosa likes figs'),
    ])
    const sure = async (text: string) => (await graph.retrieve({ text }))[0]?.confidence ?? 0
    expect(await sure('What is my blood group?')).toBeGreaterThan(0.5)
    expect(await sure('Which group leads the chess tournament?')).toBeLessThan(0.5)
  })
})

describe('a memory whose embedding was let go', () => {
  it('is still found by its words, before what has an embedding and says less of them', async () => {
    const towards = (share: number, i: number) => like(share, 1 - share, 0.1 * i)
    const graph = await filled([
      note('I put the passport in the green suitcase'),
      note('I put the passport photo on the desk', towards(0.6, 1)),
      note('The suitcase stands in the hall', towards(0.5, 2)),
      ...Array.from({ length: 20 }, (_, i) => note(`I walked past house ${i}`, towards(0.1, i))),
    ])
    const query = {
      text: 'Where did I put the passport, in the green suitcase?',
      vector: like(1, 0, 0).embedding,
      space: 's',
    }
    expect((await texts(graph, query))[0]).toBe('I put the passport in the green suitcase')
  })
})
