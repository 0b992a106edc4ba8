import { collect } from '@perstream/kit'
import type { MemoryInput, MemoryQuery } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import {
  createMemoryGraph,
  createVolatileStore,
  createVolatileTensors,
  type MemoryChanges,
  type MemoryGraph,
} from './index'

const good: MemoryInput = {
  ...{ text: 'The code is 1', category: 'notes', origin: 'told', owner: 'me', validFrom: 10 },
  triplets: [{ subject: 'code', predicate: 'is', object: '1' }],
  ...{ embedding: Float32Array.of(0.6, 0.8, 0), space: 's' },
}
const grid = { data: new Float32Array(4), rows: 2, columns: 1, dimensions: 2, space: 'v' }
const lone = 'half \ud83d of it'
const long = 'x'.repeat(1 << 20)

const badInputs: [field: string, override: Partial<MemoryInput>][] = [
  ['text is ""', { text: '' }],
  ['text is " \\n"', { text: ' \n' }],
  ['text is 1048576 characters', { text: long }],
  ['text is text with a lone surrogate at 5', { text: lone }],
  ['text is text with a lone surrogate at 0', { text: '\udc00' }],
  ['text is undefined', { text: undefined as never }],
  ['category is ""', { category: '' }],
  ['category is text with a lone surrogate', { category: lone }],
  ['origin is heard', { origin: 'heard' as never }],
  ['owner is ""', { owner: '' }],
  ['owner is text with a lone surrogate', { owner: lone }],
  ['owner is 1048576 characters', { owner: long }],
  ['track is ""', { track: '' }],
  ['embedding is the zero vector', { embedding: new Float32Array(3) }],
  ['embedding is a vector with NaN', { embedding: Float32Array.of(1, Number.NaN, 0) }],
  ['embedding is a vector with NaN', { embedding: Float32Array.of(1, Number.POSITIVE_INFINITY, 0) }],
  ['embedding is', { embedding: new Float32Array(0) }],
  ['embedding is 1,0,0', { embedding: [1, 0, 0] as never }],
  ['space is missing', { space: undefined }],
  ['confidence is 2', { confidence: 2 }],
  ['confidence is NaN', { confidence: Number.NaN }],
  ['validFrom is Infinity', { validFrom: Number.POSITIVE_INFINITY }],
  ['validTo is 9', { validTo: 9 }],
  ['learnedAt is NaN', { learnedAt: Number.NaN }],
  ['evidence[0].endSeconds is 1', { evidence: [{ source: 'a', startSeconds: 2, endSeconds: 1, frames: [] }] }],
  ['evidence[0].frames is [0.5]', { evidence: [{ source: 'a', startSeconds: 1, endSeconds: 1, frames: [0.5] }] }],
  ['evidence[0].source is ""', { evidence: [{ source: '', startSeconds: 1, endSeconds: 1, frames: [] }] }],
  ['triplets[0].object is " "', { triplets: [{ subject: 'a', predicate: 'is', object: ' ' }] }],
  ['triplets[0].subject is text with a lone', { triplets: [{ subject: lone, predicate: 'is', object: 'b' }] }],
  ['meanGrid.data is of 4 elements', { meanGrid: { ...grid, rows: 3 } }],
  ['meanGrid.dimensions is 0', { meanGrid: { ...grid, dimensions: 0 } }],
  ['nearestGrid.data is a grid with NaN', { nearestGrid: { ...grid, data: new Float32Array(4).fill(Number.NaN) } }],
]

const badQueries: [message: string, query: MemoryQuery][] = [
  ['query.text is undefined', {}],
  ['query.text is " "', { text: ' ' }],
  ['query.text is 7: it must be text', { text: 7 as never, vector: Float32Array.of(1, 0, 0) }],
  ['query.text is 1048576 characters', { text: long }],
  ['query.text is text with a lone surrogate at 5', { text: lone }],
  ['query.vector is the zero vector', { vector: new Float32Array(3) }],
  ['query.vector is a vector with NaN', { vector: Float32Array.of(1, Number.NaN, 0) }],
  ['query.vector is 1,0,0', { vector: [1, 0, 0] as never }],
  ['query.space is ""', { text: 'a', space: '' }],
  ['query.limit is 0', { text: 'a', limit: 0 }],
  ['query.limit is 1.5', { text: 'a', limit: 1.5 }],
  ['query.limit is NaN', { text: 'a', limit: Number.NaN }],
  ['query.limit is Infinity', { text: 'a', limit: Number.POSITIVE_INFINITY }],
  ['query.categories is an empty list', { text: 'a', categories: [] }],
  ['query.categories is "notes": it must be a list', { text: 'a', categories: 'notes' as never }],
  ['query.categories[1] is ""', { text: 'a', categories: ['notes', ''] }],
  ['query.owner is ""', { text: 'a', owner: '' }],
  ['query.source is ""', { text: 'a', source: '' }],
  ['query.activation is 1.1: it must be 0 to 1', { text: 'a', activation: 1.1 }],
  ['query.activation is NaN', { text: 'a', activation: Number.NaN }],
  ['query.until.source is ""', { text: 'a', until: { source: '', seconds: 1 } }],
  ['query.until.seconds is NaN', { text: 'a', until: { source: 'a', seconds: Number.NaN } }],
  ['query.asOf is NaN', { text: 'a', asOf: Number.NaN }],
  ['query.asOf is 2025-10-05: it must be a number', { text: 'a', asOf: '2025-10-05' as never }],
  ['query.validAt is NaN', { text: 'a', validAt: Number.NaN }],
  ['query.exclude[0] is 5', { text: 'a', exclude: [5 as never] }],
  ['query.exclude is {}: it must be a list', { text: 'a', exclude: new Set(['a']) as never }],
  ['query.participants is an empty list: it must be a list of one name or more', { text: 'a', participants: [] }],
  ['query.participants[0] is text with a lone surrogate', { text: 'a', participants: [lone] }],
  ['query.during.from is NaN', { text: 'a', during: { from: Number.NaN } }],
  ['query.during.to is soon', { text: 'a', during: { to: 'soon' as never } }],
  ['query.during.to is 5: it must be after from (5)', { text: 'a', during: { from: 5, to: 5 } }],
  ['query.during.to is 4: it must be after from (5)', { text: 'a', during: { from: 5, to: 4 } }],
  ["query.superseded is \"only\": it must be 'include' or 'exclude'", { text: 'a', superseded: 'only' as never }],
  ['query.now is NaN', { text: 'a', now: Number.NaN }],
  ['query.now is Infinity', { text: 'a', now: Number.POSITIVE_INFINITY }],
  ['query.timeZone is "Europe/Atlantis": it must be an IANA name', { text: 'a', timeZone: 'Europe/Atlantis' }],
  ['query.timeZone is ""', { text: 'a', timeZone: '' }],
  ['query.maxBytes is -1', { text: 'a', maxBytes: -1 }],
  ['query.maxBytes is NaN', { text: 'a', maxBytes: Number.NaN }],
  ['query.touch is "no": it must be true or false', { text: 'a', touch: 'no' as never }],
]

async function open(): Promise<{ graph: MemoryGraph; id: string; before: string[]; look: () => Promise<string[]> }> {
  const store = createVolatileStore()
  const options = { tensors: createVolatileTensors(), categories: ['notes'], now: () => 1000 }
  const graph = await createMemoryGraph({ store, ...options })
  const [first] = await graph.create([good])
  const look = async () => [
    ...(await collect(graph.export())),
    ...(await collect((await createMemoryGraph({ store, ...options })).export())),
    JSON.stringify(await graph.gridUsage()),
  ]
  return { graph, id: first!.id, before: await look(), look }
}

describe('bad input is refused by name, and the graph is as it was', () => {
  it.each(badInputs)('create: %s', async (message, override) => {
    const { graph, before, look } = await open()
    const attempt = graph.create([
      { ...good, text: 'The code is 2', meanGrid: grid },
      { ...good, ...override },
    ])
    await expect(attempt).rejects.toThrow(TypeError)
    await expect(attempt).rejects.toThrow(`inputs[1].${message}`)
    expect(await look()).toEqual(before)
  })

  it('other widths, spaces and categories', async () => {
    const { graph, id, before, look } = await open()
    for (const [override, code] of [
      [{ embedding: Float32Array.of(1, 0) }, 'space-mismatch'],
      [{ space: 'other' }, 'space-mismatch'],
      [{ category: 'other' }, 'category-unknown'],
    ] as const) {
      const inputs = [
        { ...good, text: 'The code is 2', meanGrid: grid },
        { ...good, text: 'new', ...override },
      ]
      await expect(graph.create(inputs)).rejects.toMatchObject({ code })
      await expect(graph.supersede(id, inputs[1]!)).rejects.toMatchObject({ code })
      const vector = { ...{ embedding: good.embedding, space: good.space }, ...override }
      await expect(graph.update(id, { text: 'new', ...vector })).rejects.toMatchObject({ code })
    }
    expect(await look()).toEqual(before)
  })

  it('changes', async () => {
    const { graph, id, before, look } = await open()
    const bad: [string, MemoryChanges][] = [
      ['changes.text is ""', { text: '' }],
      ['changes.text is text with a lone surrogate', { text: lone }],
      ['changes.text is 1048576 characters', { text: long }],
      ['changes.validTo is 5', { validTo: 5 }],
      ['changes.validFrom is NaN', { validFrom: Number.NaN }],
      ['changes.confidence is -1', { confidence: -1 }],
      ['changes.category is ""', { category: '' }],
      ['changes.space is missing', { text: 'new', embedding: Float32Array.of(1, 0, 0) }],
      ['changes.text is absent', { embedding: Float32Array.of(1, 0, 0), space: 's' }],
      ['changes.triplets[0].predicate', { triplets: [{ subject: 'a', predicate: '', object: 'b' }] }],
    ]
    for (const [message, changes] of bad) {
      const attempt = graph.update(id, changes)
      await expect(attempt).rejects.toThrow(TypeError)
      await expect(attempt).rejects.toThrow(message)
    }
    const unknown = { code: 'memory-not-found', fields: { id: 'nobody' } }
    await expect(graph.update('nobody', { text: 'x' })).rejects.toMatchObject(unknown)
    expect(await graph.delete(['nobody'])).toBe(0)
    expect(() => graph.history('nobody')).toThrow(expect.objectContaining(unknown))
    expect(() => graph.visits('nobody')).toThrow(expect.objectContaining(unknown))
    expect(await look()).toEqual(before)
  })

  it.each(badQueries)('retrieve: %s', async (message, query) => {
    const { graph, before, look } = await open()
    const attempt = graph.retrieve(query)
    await expect(attempt).rejects.toThrow(TypeError)
    await expect(attempt).rejects.toThrow(message)
    expect(await look()).toEqual(before)
  })

  it('retrieve: takes what has no end, and nothing to exclude', async () => {
    const { graph } = await open()
    const endless = { asOf: Number.POSITIVE_INFINITY, validAt: 20, during: { from: Number.NEGATIVE_INFINITY } }
    const unbounded = { maxBytes: Number.POSITIVE_INFINITY, exclude: [], until: { source: 'a', seconds: Infinity } }
    expect(await graph.retrieve({ text: 'code', ...endless, ...unbounded })).toHaveLength(1)
  })

  it('progress and vectors of other spaces', async () => {
    const { graph, before, look } = await open()
    await expect(graph.create([good], { progress: { source: '', seconds: 1 } })).rejects.toThrow('progress.source')
    await expect(graph.create([good], { progress: { source: 'a', seconds: Number.NaN } })).rejects.toThrow(
      'progress.seconds',
    )
    await expect(graph.retrieveByEmbedding(Float32Array.of(1, 0))).rejects.toMatchObject({ code: 'space-mismatch' })
    await expect(graph.retrieveByEmbedding(Float32Array.of(1, 0, 0), { space: 'x' })).rejects.toMatchObject({
      code: 'space-mismatch',
    })
    expect(await look()).toEqual(before)
  })
})

it('a vector of another length counts as the direction it has', async () => {
  const { graph, id } = await open()
  expect(
    (await graph.retrieveByEmbedding(Float32Array.of(6, 8, 0), { limit: 1 })).map(({ memory }) => memory.id),
  ).toEqual([id])
})
