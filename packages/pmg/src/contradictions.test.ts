import type { Triplet } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph, createVolatileStore, type MemoryGraph } from './index'

/** "subject | predicate | object" */
type Told = readonly [text: string, triplet: string]

const contradicting: [Told, Told][] = [
  [
    ['The wifi password is tulip', 'wifi password | is | tulip'],
    ['The wifi password is orchid7', 'wifi password | is | orchid7'],
  ],
  [
    ['The door code is 4711', 'door code | is | 4711'],
    ['The door code is 4712', 'the door code | is | 4712'],
  ],
  [
    ['My locker combination is 12-4-9', 'my locker combination | is | 12-4-9'],
    ['It is 12-4-8', 'locker combination | is | 12-4-8'],
  ],
  [
    ["Anna's phone number is 0171 5", "Anna's phone number | is | 0171 5"],
    ['It is 0171 6', "Anna's phone number | is | 0171 6"],
  ],
  [
    ["Tom's birthday is 4 May", "Tom's birthday | is | 4 May"],
    ["Tom's birthday is 5 May", "Tom's birthday | is | 5 May"],
  ],
  [
    ['The gate is B12', 'my gate | is | B12'],
    ['The gate is C3', 'gate | is | C3'],
  ],
  [
    ['My seat is 14A', 'my seat | is | 14A'],
    ['My seat is 15A', 'my seat | is | 15A'],
  ],
  [
    ['The deadline is Friday', 'the deadline | is | Friday'],
    ['The deadline is Monday', 'the deadline | is | Monday'],
  ],
  [
    ['The code for the gate is 1', 'code for the gate | is | 1'],
    ['It is 2', 'code for the gate | is now | 2'],
  ],
  [
    ['The password is x1 for Lea', 'Lea | password is | x1'],
    ['x2 for Lea', 'Lea | password is | x2'],
  ],
  [
    ['I parked on level B2', 'I | parked on | level B2'],
    ['I parked on level C1', 'I | parked on | level C1'],
  ],
  [
    ['I parked in Elm Street', 'I | parked in | Elm Street'],
    ['I parked at the station', 'I | parked at | the station'],
  ],
  [
    ['The car is parked in the garage', 'car | is parked in | garage'],
    ['It is parked at the mall', 'my car | parked at | mall'],
  ],
  [
    ['Anna lives in Bonn', 'Anna | lives in | Bonn'],
    ['Anna lives in Trier', 'Anna | lives in | Trier'],
  ],
  [
    ['I live in Kiel', 'I | live in | Kiel'],
    ['I live in Jena', 'I | live in | Jena'],
  ],
  [
    ['The keys are in the drawer', 'keys | are in | the drawer'],
    ['The keys are in my coat', 'keys | are in | my coat'],
  ],
  [
    ['Tom is at the gym', 'Tom | is at | the gym'],
    ['Tom is at the office', 'Tom | is at | the office'],
  ],
  [
    ['Yoga is on Tuesday', 'yoga | is on | Tuesday'],
    ['Yoga is on Thursday', 'yoga | is on | Thursday'],
  ],
  [
    ['The call is at 10:00', 'the call | is at | 10:00'],
    ['The call is at 11:30', 'the call | is at | 11:30'],
  ],
  [
    ['Ben is 30', 'Ben | is | 30'],
    ['Ben is 31', 'Ben | is | 31'],
  ],
  [
    ['My bike is red', 'my bike | is | red'],
    ['My bike is blue', 'my bike | is | blue'],
  ],
  [
    ['Lea is vegetarian', 'Lea | is | vegetarian'],
    ['Lea is not vegetarian', 'Lea | is not | vegetarian'],
  ],
  [
    ['Lea likes tea', 'Lea | likes | tea'],
    ["Lea doesn't like tea", "Lea | doesn't like | tea"],
  ],
  [
    ['I eat meat', 'I | eat | meat'],
    ['I never eat meat', 'I | never eat | meat'],
  ],
]

const compatible: [Told, Told][] = [
  [
    ['I like tea', 'I | like | tea'],
    ['I like coffee', 'I | like | coffee'],
  ],
  [
    ['Anna has a dog', 'Anna | has | dog'],
    ['Anna has a cat', 'Anna | has | cat'],
  ],
  [
    ['Anna is my sister', 'Anna | is | my sister'],
    ['Anna is a dentist', 'Anna | is | a dentist'],
  ],
  [
    ['Eva is tall', 'Eva | is | tall'],
    ['Eva is funny', 'Eva | is | funny'],
  ],
  [
    ['I am tired', 'I | am | tired'],
    ['I am hungry', 'I | am | hungry'],
  ],
  [
    ['I work at Siemens', 'I | work at | Siemens'],
    ['I work at a bar', 'I | work at | a bar'],
  ],
  [
    ['The meeting is on Tuesday', 'meeting | is on | Tuesday'],
    ['The meeting is at 10:00', 'meeting | is at | 10:00'],
  ],
  [
    ['The meeting is in room 5', 'meeting | is in | room 5'],
    ['The meeting is in May', 'meeting | is in | May'],
  ],
  [
    ['I parked on level B2', 'I | parked on | level B2'],
    ['I parked on B2', 'I | parked on | B2'],
  ],
  [
    ['I parked the car', 'I | parked | car'],
    ['I parked the bike', 'I | parked | bike'],
  ],
  [
    ['The password is tulip', 'password | is | tulip'],
    ['The password is too short', 'password | is | too short'],
  ],
  [
    ['The deadline is Friday', 'deadline | is | Friday'],
    ['The deadline is at 18:00', 'deadline | is | 18:00'],
  ],
  [
    ["Anna's number is 5", "Anna's number | is | 5"],
    ["Tom's number is 6", "Tom's number | is | 6"],
  ],
  [
    ['I bought milk', 'I | bought | milk'],
    ['I bought bread', 'I | bought | bread'],
  ],
  [
    ['I saw Anna', 'I | saw | Anna'],
    ['I saw Tom', 'I | saw | Tom'],
  ],
  [
    ['The code is 4711', 'code | is | 4711'],
    ['The code is 4711 again', 'the code | is | 4711.'],
  ],
  [
    ['Anna lives in Bonn', 'Anna | lives in | Bonn'],
    ['Anna lives in Bonn, Germany', 'Anna | lives in | Bonn Germany'],
  ],
  [
    ['Anna lives in Bonn', 'Anna | lives in | Bonn'],
    ['Anna lives with Tom', 'Anna | lives with | Tom'],
  ],
  [
    ['Tom visited Rome', 'Tom | visited | Rome'],
    ['Tom visited Oslo', 'Tom | visited | Oslo'],
  ],
  [
    ['Kim is a friend', 'Kim | is | a friend'],
    ['Kim is 30', 'Kim | is | 30'],
  ],
  [
    ['My shirt is red', 'my shirt | is | red'],
    ['My shirt is new', 'my shirt | is | new'],
  ],
  [
    ['I do not like beer', 'I | do not like | beer'],
    ['I do not like wine', 'I | do not like | wine'],
  ],
]

const input = ([text, words]: Told, more = {}) => {
  const [subject, predicate, object] = words.split(' | ')
  const triplets = [{ subject, predicate, object } as Triplet]
  return { text, category: 'notes', origin: 'told' as const, triplets, ...more }
}

const open = () => createMemoryGraph({ store: createVolatileStore() })

describe('contradictions', () => {
  it.each(contradicting)('%j and %j are marked', async (one, other) => {
    const graph = await open()
    const [a, b] = await graph.create([input(one), input(other)])
    expect(graph.get(a!.id)!.conflicts).toEqual([b!.id])
    expect(graph.get(b!.id)!.conflicts).toEqual([a!.id])
    expect(graph.stats()).toMatchObject({ memories: 2, conflicting: 2 })
  })

  it.each(compatible)('%j and %j are left alone', async (one, other) => {
    const graph = await open()
    await graph.create([input(one), input(other)])
    expect(graph.list().filter(({ conflicts }) => conflicts)).toEqual([])
  })

  it.each(contradicting)('%j and %j do not clash between owners, or at different times', async (one, other) => {
    const graph = await open()
    await graph.create([input(one), input(other, { owner: 'Eve' })])
    await graph.create([input(one, { owner: 'Max', validTo: 10 }), input(other, { owner: 'Max', validFrom: 10 })])
    expect(graph.stats().conflicting).toBe(0)
  })

  it('end when one of them is superseded, deleted or changed, and come back when it stands again', async () => {
    const graph = await open()
    const codes = ['1', '2', '3', '4'].map((code) => input([`The code is ${code}`, `code | is | ${code}`]))
    const [a, b, c, d] = (await graph.create(codes)).map(({ id }) => id)
    const conflicts = () =>
      Object.fromEntries(graph.list().map(({ id, conflicts = [] }) => [id, [...conflicts].sort()]))
    expect(conflicts()[a!]).toEqual([b, c, d].sort())
    await graph.supersede(a!, b!)
    expect(conflicts()).toEqual({ [a!]: [], [b!]: [c, d].sort(), [c!]: [b, d].sort(), [d!]: [b, c].sort() })
    await graph.update(c!, { triplets: [] })
    expect(conflicts()).toEqual({ [a!]: [], [b!]: [d], [c!]: [], [d!]: [b] })
    await graph.restore(a!)
    expect(conflicts()).toEqual({ [a!]: [b, d].sort(), [b!]: [a, d].sort(), [c!]: [], [d!]: [a, b].sort() })
    await graph.update(a!, { validTo: 5 })
    await graph.update(b!, { validFrom: 5 })
    await graph.delete([d!])
    expect(conflicts()).toEqual({ [a!]: [], [b!]: [], [c!]: [] })
  })

  /** What is in conflict, by its words. */
  const disputed = (graph: MemoryGraph) =>
    graph
      .list()
      .filter(({ conflicts = [] }) => conflicts.length > 0)
      .map(({ text }) => text)
      .sort()
  const idOf = (graph: MemoryGraph, called: string) =>
    graph.entities().find(({ label, aliases }) => [label, ...aliases].includes(called))!.id
  const bonn: Told = ['Anna lives in Bonn', 'Anna | lives in | Bonn']
  const berlin: Told = ['Annie lives in Berlin', 'Annie | lives in | Berlin']
  const both = [bonn[0], berlin[0]]

  it('come and go when two people are merged and split by hand, and stay so in the store', async () => {
    const store = createVolatileStore()
    const graph = await createMemoryGraph({ store })
    await graph.create([input(bonn), input(berlin)])
    expect(disputed(graph)).toEqual([])
    const { id } = await graph.merge(idOf(graph, 'Anna'), idOf(graph, 'Annie'))
    expect(disputed(graph)).toEqual(both)
    expect(disputed(await createMemoryGraph({ store }))).toEqual(both)
    await graph.split(id, 'Annie')
    expect(disputed(graph)).toEqual([])
    expect(disputed(await createMemoryGraph({ store }))).toEqual([])
  })

  it('go and come back when two values are found to be one, and not', async () => {
    const graph = await open()
    await graph.create(contradicting[0]!.map((told) => input(told)))
    const texts = contradicting[0]!.map(([text]) => text).sort()
    expect(disputed(graph)).toEqual(texts)
    const { id } = await graph.merge(idOf(graph, 'tulip'), idOf(graph, 'orchid7'))
    expect(disputed(graph)).toEqual([])
    await graph.split(id, 'orchid7')
    expect(disputed(graph)).toEqual(texts)
  })

  it('come when a memory introduces one as the other, and go when it is changed or deleted', async () => {
    for (const undo of ['update', 'delete'] as const) {
      const graph = await open()
      const introduction = input(['Anna, everyone calls her Annie, sings', 'Anna | sings in | a choir'])
      const [, , third] = await graph.create([input(bonn), input(berlin), introduction])
      expect(disputed(graph)).toEqual(both)
      if (undo === 'delete') await graph.delete([third!.id])
      else await graph.update(third!.id, { text: 'Anna sings' })
      expect(disputed(graph)).toEqual([])
    }
  })

  it('go when a first name turns out to have two bearers', async () => {
    const graph = await open()
    const known: Told = ['Anna Klein lives in Bonn', 'Anna Klein | lives in | Bonn']
    const short: Told = ['Anna lives in Berlin', 'Anna | lives in | Berlin']
    await graph.create([input(known), input(short)])
    expect(disputed(graph)).toEqual([known[0], short[0]])
    await graph.create([input(['Anna Weber sings', 'Anna Weber | sings in | a choir'])])
    expect(disputed(graph)).toEqual([])
  })

  it('are looked at anew after a merge for 256 memories of those that could be contradicted', async () => {
    const likes = (i: number): Told => [`Annie likes song ${i}`, `Annie | likes | song ${i}`]
    const coded = (i: number): Told => [`The code of song ${i} is ${i}`, `Annie | song ${i} code is | ${i}`]
    for (const [told, found] of [
      [likes, both],
      [coded, []],
    ] as const) {
      const graph = await open()
      const others = Array.from({ length: 300 }, (_, i) => input(told(i)))
      await graph.create([input(bonn), ...others, input(berlin)])
      await graph.merge(idOf(graph, 'Anna'), idOf(graph, 'Annie'))
      expect(disputed(graph)).toEqual(found)
    }
  })

  it('are bounded, and the same for both sides', async () => {
    const graph = await open()
    const codes = Array.from({ length: 40 }, (_, i) => input([`The code is ${i}`, `code | is | ${i}`]))
    await graph.create(codes)
    for (const { id, conflicts = [] } of graph.list()) {
      expect(conflicts.length).toBeLessThanOrEqual(16)
      for (const other of conflicts) expect(graph.get(other)!.conflicts).toContain(id)
    }
  })
})
