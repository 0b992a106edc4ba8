import { collect } from '@perstream/kit'
import type { MemoryStore } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph, createVolatileStore, type MemoryGraph } from './index'
import { note } from './made-note'

const seen = (second: number) => ({ source: 'a.mp4', startSeconds: second, endSeconds: second, frames: [second] })

/** A graph whose clock says what it is told. */
async function open(store: MemoryStore = createVolatileStore()) {
  const clock = { now: 100 }
  const graph = await createMemoryGraph({ store, now: () => clock.now })
  const at = <Result>(now: number, work: () => Result): Result => {
    clock.now = now
    return work()
  }
  return { graph, at, store }
}

const told = (graph: MemoryGraph, id: string) =>
  graph.history(id).map(({ text, since, until, change }) => [text, since, until, change])

describe('history', () => {
  it('tells what a memory said before it was changed', async () => {
    const { graph, at } = await open()
    const [{ id } = { id: '' }] = await graph.create([note('The shop opens at 9', { learnedAt: 50 })])
    await at(200, () => graph.update(id, { text: 'The shop opens at 10' }))
    await at(300, () => graph.update(id, { triplets: [] }))
    await at(400, () => graph.update(id, { confidence: 0.5 }))
    expect(told(graph, id)).toEqual([
      ['The shop opens at 9', 50, 200, 'updated'],
      ['The shop opens at 10', 200, 400, 'updated'],
      ['The shop opens at 10', 400, undefined, undefined],
    ])
    expect(graph.history(id).map(({ confidence }) => confidence)).toEqual([1, 1, 0.5])
  })

  it('counts readings that follow each other as one, the surest of them', async () => {
    const { graph, at } = await open()
    const read = (text: string, confidence: number) =>
      graph.create([note(text, { track: 't', evidence: [seen(1)], confidence })])
    const [first] = await read('GAT 4', 0.3)
    const { id } = first!
    for (const [i, text] of ['GATE', 'GATE A', 'GAIE 4'].entries())
      await at(200 + i, () => read(text, [0.8, 0.6, 0.5][i]!))
    await at(300, () => read('GATE 4', 0.9))
    expect(told(graph, id)).toEqual([
      ['GATE', 100, 300, 'revised'],
      ['GATE 4', 300, undefined, undefined],
    ])
    await at(400, () => graph.update(id, { text: 'Gate 4' }))
    await at(500, () => read('GATE 4!', 0.9))
    expect(told(graph, id).map(([text]) => text)).toEqual(['GATE', 'GATE 4', 'Gate 4', 'GATE 4!'])
  })

  it('keeps 16 versions, and none when a memory is deleted', async () => {
    const { graph, at, store } = await open()
    const [{ id } = { id: '' }] = await graph.create([note('secret 0')])
    for (let i = 1; i <= 20; i++) await at(100 + i, () => graph.update(id, { text: `secret ${i}` }))
    expect(told(graph, id).map(([text]) => text)).toEqual(Array.from({ length: 17 }, (_, i) => `secret ${i + 4}`))
    await graph.delete([id])
    expect(() => graph.history(id)).toThrow('there is no memory')
    expect(JSON.stringify(await collect(store.load()))).not.toContain('secret')
  })

  it('follows what was superseded, before and after', async () => {
    const { graph, at } = await open()
    const ids = (
      await graph.create([
        note('Anna lives in Bonn', { learnedAt: 10 }),
        note('Anna lives in Trier', { learnedAt: 20 }),
      ])
    ).map(({ id }) => id)
    const third = await at(150, () =>
      graph.supersede(ids, note('Anna lives in Kiel', { learnedAt: 30, validFrom: 25 })),
    )
    await at(200, () => graph.update(third.id, { text: 'Anna lives in Kiel Süd' }))
    const last = await at(300, () => graph.supersede(third.id, note('Anna lives in Jena')))
    const expected = [
      ['Anna lives in Bonn', 10, 30, 'superseded'],
      ['Anna lives in Trier', 20, 30, 'superseded'],
      ['Anna lives in Kiel', 30, 200, 'updated'],
      ['Anna lives in Kiel Süd', 200, 300, 'superseded'],
      ['Anna lives in Jena', 300, undefined, undefined],
    ]
    expect(told(graph, third.id)).toEqual(expected)
    expect(told(graph, last.id)).toEqual(expected)
    expect(told(graph, ids[0]!)).toEqual(expected.filter((_, i) => i !== 1))
    expect(graph.history(last.id).map(({ validTo }) => validTo)).toEqual([25, 25, undefined, 300, undefined])
  })
})

describe('supersede', () => {
  it('ends what was open, keeps an end that was known, and is undone by restore', async () => {
    const { graph, at } = await open()
    const [a, b] = await graph.create([note('a'), note('b', { validTo: 5 })])
    const by = await at(200, () => graph.supersede([a!.id, b!.id], note('c', { validFrom: 150 })))
    expect(graph.get(a!.id)).toMatchObject({ validTo: 150, supersededBy: by.id, supersededAt: 200, updatedAt: 200 })
    expect(graph.get(b!.id)).toMatchObject({ validTo: 5, supersededBy: by.id })
    expect(graph.stats().superseded).toBe(2)
    const stands = await at(300, () => graph.restore(a!.id))
    expect(stands).toMatchObject({ text: 'a', validTo: undefined, updatedAt: 300 })
    expect('supersededBy' in stands || 'supersededAt' in stands).toBe(false)
    expect(await graph.restore(a!.id)).toEqual(stands)
    expect(told(graph, a!.id)).toEqual([['a', 100, undefined, undefined]])
  })

  it('takes known memories, and the time it is told', async () => {
    const { graph } = await open()
    const [a, b] = await graph.create([note('a', { validFrom: 90 }), note('b', { validFrom: 80 })])
    expect(await graph.supersede(a!.id, b!.id, { at: 70 })).toMatchObject({ id: b!.id })
    expect(graph.get(a!.id)).toMatchObject({ validFrom: 90, validTo: 90, supersededAt: 70 })
    await graph.supersede(a!.id, b!.id)
    expect(told(graph, b!.id).length).toBe(2)
  })

  it('refuses what makes no sense, and then changes nothing', async () => {
    const { graph, store } = await open()
    const [a, b, c] = (await graph.create([note('a'), note('b'), note('c')])).map(({ id }) => id)
    await graph.supersede(a!, b!)
    await graph.supersede(b!, c!)
    const before = await collect(graph.export())
    const refused = { code: 'input-invalid' }
    await expect(graph.supersede(c!, a!)).rejects.toMatchObject(refused)
    await expect(graph.supersede(c!, c!)).rejects.toMatchObject(refused)
    await expect(graph.supersede(a!, c!)).rejects.toMatchObject(refused)
    await expect(graph.supersede(c!, note('C.'))).rejects.toMatchObject(refused)
    await expect(graph.supersede([c!, 'nobody'], note('d'))).rejects.toMatchObject({ code: 'memory-not-found' })
    await expect(graph.supersede(c!, 'nobody')).rejects.toMatchObject({ code: 'memory-not-found' })
    await expect(graph.supersede(c!, note(' '))).rejects.toThrow('by.text')
    await expect(graph.restore('nobody')).rejects.toMatchObject({ code: 'memory-not-found' })
    expect(await collect(graph.export())).toEqual(before)
    expect(await collect((await open(store)).graph.export())).toEqual(before)
  })

  it('leaves a chain whole when its middle is deleted, and the oldest standing when nothing else is left', async () => {
    const { graph } = await open()
    const [a, b, c] = (await graph.create([note('a'), note('b'), note('c')])).map(({ id }) => id)
    await graph.supersede(a!, b!)
    await graph.supersede(b!, c!)
    await graph.delete([b!])
    expect(graph.get(a!)).toMatchObject({ supersededBy: c, validTo: 100 })
    expect(told(graph, c!).map(([text]) => text)).toEqual(['a', 'c'])
    await graph.delete([c!])
    expect(graph.get(a!)).toMatchObject({ validTo: undefined })
    expect(graph.get(a!)!.supersededBy).toBeUndefined()
  })

  it('stores again what becomes true again', async () => {
    const { graph } = await open()
    const [bonn] = await graph.create([note('I live in Bonn')])
    const kiel = await graph.supersede(bonn!.id, note('I live in Kiel'))
    const [again] = await graph.create([note('I live in Bonn')])
    expect(again!.outcome).toBe('created')
    await graph.supersede(kiel.id, again!.id)
    expect(told(graph, again!.id).map(([text]) => text)).toEqual(['I live in Bonn', 'I live in Kiel', 'I live in Bonn'])
  })
})

describe('update', () => {
  it('takes many at once, or none of them', async () => {
    const { graph } = await open()
    const [a, b] = (await graph.create([note('a'), note('b', { validFrom: 10 })])).map(({ id }) => id)
    const updated = await graph.update([
      { id: b!, changes: { text: 'B' } },
      { id: a!, changes: { validTo: 7 } },
    ])
    expect(updated.map(({ id, text, validTo }) => [id, text, validTo])).toEqual([
      [b, 'B', undefined],
      [a, 'a', 7],
    ])
    const before = await collect(graph.export())
    const attempt = graph.update([
      { id: a!, changes: { text: 'x' } },
      { id: b!, changes: { validTo: 9 } },
    ])
    await expect(attempt).rejects.toThrow('updates[1].changes.validTo is 9: it must be at or after validFrom (10)')
    await expect(
      graph.update([
        { id: a!, changes: {} },
        { id: 'nobody', changes: {} },
      ]),
    ).rejects.toMatchObject({
      code: 'memory-not-found',
    })
    expect(await collect(graph.export())).toEqual(before)
  })
})
