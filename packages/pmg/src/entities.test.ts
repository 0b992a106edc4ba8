import type { MemoryInput, Triplet } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph, createVolatileStore, type MemoryGraph } from './index'

const triplet = (words: string): Triplet => {
  const [subject, predicate, object] = words.split(' | ')
  return { subject: subject!, predicate: predicate!, object: object! }
}
const note = (text: string, ...triplets: string[]): MemoryInput => ({
  ...{ text, category: 'notes', origin: 'told', triplets: triplets.map(triplet) },
})
const open = async (owner = 'me') => createMemoryGraph({ store: createVolatileStore(), owner })

/** What entities are called, each with how many memories speak of it. */
function called(graph: MemoryGraph): Record<string, number> {
  return Object.fromEntries(
    graph.entities().map(({ label, aliases, memories }) => [[label, ...aliases].join(' = '), memories.length]),
  )
}

const introductions: [string, string[], string, string][] = [
  ['Johanna, everyone calls her Jo, moved in', [], 'Johanna', 'Jo'],
  ['Johanna Weber, whom everybody calls Jo, moved in', [], 'Johanna Weber', 'Jo'],
  ['Jo, short for Johanna, moved in', [], 'Johanna', 'Jo'],
  ['Jo is short for Johanna', [], 'Johanna', 'Jo'],
  ['I called the plumber, Mr. Brandt.', [], 'Mr. Brandt', 'plumber'],
  ['Mr. Brandt, the plumber, comes on Friday', [], 'Mr. Brandt', 'plumber'],
  ['My sister Anna lives in Bonn', [], 'Anna', 'sister'],
  ['I met our neighbour Mrs. Klein', [], 'Mrs. Klein', 'neighbour'],
  ['Mia, my daughter, is ill', [], 'Mia', 'daughter'],
  ['The Lindenhof (also called Lindi) is closed', [], 'Lindenhof', 'Lindi'],
  ['Robert aka Bob sings', [], 'Robert', 'Bob'],
  ['Robert, also known as Bob, sings', [], 'Robert', 'Bob'],
  ['My cat is called Minka', [], 'my cat', 'Minka'],
  ['The restaurant is called "Luigi"', [], 'The restaurant', 'Luigi'],
  ['Alexander goes by Sasha', [], 'Alexander', 'Sasha'],
  ["Elisabeth's nickname is Lisa", [], 'Elisabeth', 'Lisa'],
  ['some words', ['Johanna | is called | Jo'], 'Johanna', 'Jo'],
  ['some words', ['Johanna | is also known as | Jo'], 'Johanna', 'Jo'],
  ['some words', ['Jo | is short for | Johanna'], 'Johanna', 'Jo'],
  ['some words', ['Anna | is | my sister'], 'Anna', 'my sister'],
  ['some words', ['My boss | is | Karin Holm'], 'Karin Holm', 'my boss'],
]

const noIntroductions: [string, string[]][] = [
  ['Anna and Jo moved in', ['Anna | moved in with | Jo']],
  ['I met the plumber, Anna, and the baker', []],
  ['I met the plumber, Anna and Tom', []],
  ['Call my doctor Monday', []],
  ['Nobody calls her Jo', ['nobody | calls | Jo']],
  ['She is called Jo', ['she | is called | Jo']],
  ['Anna is a plumber', ['Anna | is | a plumber']],
  ['Anna is not my sister', ['Anna | is not | my sister']],
  ['Anna was called to the office', ['Anna | is called | to the office']],
  ['My friend Anna came', []],
  ['I bought milk, Anna paid', []],
  ['The teacher Anna likes is new', []],
]

describe('introductions', () => {
  it.each(introductions)('%j %j makes %s and %s one', async (text, triplets, name, label) => {
    const graph = await open()
    const [result] = await graph.create([
      note(text, ...triplets),
      note('first', `${name} | sees | rain`),
      note('second', `${label} | sees | snow`),
    ])
    const entity = graph.entities().find(({ memories }) => memories.length === 3)
    expect(entity, JSON.stringify(called(graph))).toBeDefined()
    expect(entity!.merges).toMatchObject([{ reason: 'introduced', memories: [result!.id] }])
    await graph.delete([result!.id])
    expect(Math.max(...Object.values(called(graph)))).toBe(1)
    expect(graph.entities().every(({ aliases, merges }) => aliases.length === 0 && !merges)).toBe(true)
  })

  it.each(introductions)('%j %j joins what was known before', async (text, triplets, name, label) => {
    const graph = await open()
    await graph.create([note('first', `${label} | sees | rain`), note('second', `${name} | sees | snow`)])
    expect(Math.max(...Object.values(called(graph)))).toBe(1)
    await graph.create([note(text, ...triplets)])
    expect(Math.max(...Object.values(called(graph)))).toBe(3)
  })

  it.each(noIntroductions)('%j %j makes nobody one', async (text, triplets) => {
    const graph = await open()
    await graph.create([note(text, ...triplets)])
    expect(graph.entities().filter(({ aliases }) => aliases.length > 0)).toEqual([])
  })

  it('merge nothing between owners', async () => {
    const graph = await open()
    await graph.create([
      note('Johanna, everyone calls her Jo', 'Johanna | likes | tea'),
      { ...note('Jo likes rain', 'Jo | likes | rain'), owner: 'Eve' },
    ])
    expect(called(graph)).toMatchObject({ 'Johanna = Jo': 1, Jo: 1 })
  })

  it('of a second bearer undo the merge, for good', async () => {
    const graph = await open()
    await graph.create([
      note('My sister Anna sings', 'Anna | sings in | the choir'),
      note('My sister called', 'my sister | called | me'),
    ])
    expect(called(graph)).toMatchObject({ 'Anna = sister': 2 })
    await graph.create([note('My sister Eva swims', 'Eva | swims in | the lake')])
    expect(called(graph)).toMatchObject({ Anna: 1, sister: 3, Eva: 1 })
    await graph.create([note('My sister Anna cooks', 'Anna | cooks | soup')])
    expect(called(graph)).toMatchObject({ Anna: 2, sister: 4, Eva: 1 })
  })

  it('give the owner names when the owner says so', async () => {
    const graph = await open('me')
    await graph.create([
      note('People call me Max', 'I | am called | Max'),
      note('Max likes tea', 'Max | likes | tea'),
      { ...note('a voice says: I am called Tim', 'I | am called | Tim'), origin: 'said' },
    ])
    expect(graph.entities().map(({ label, aliases, kind }) => [label, aliases, kind])).toEqual([
      ['me', ['Max'], 'owner'],
      ['tea', [], 'thing'],
      ['Tim', [], 'thing'],
    ])
  })
})

describe('first names', () => {
  const anna = [
    note('Anna Weber works at Bosch', 'Anna Weber | works at | Bosch'),
    note('Anna likes tea', 'Anna | likes | tea'),
  ]

  it.each([[anna], [[...anna].reverse()]])('belong to the only full name known', async (inputs) => {
    const graph = await open()
    await graph.create(inputs)
    const entity = graph.entities().find(({ aliases }) => aliases.length > 0)
    expect(entity).toMatchObject({ merges: [{ label: 'Anna', with: 'Anna Weber', reason: 'first-name' }] })
    expect(entity!.memories.length).toBe(2)
  })

  it('belong to nobody once there are two', async () => {
    const graph = await open()
    await graph.create(anna)
    await graph.create([note('Anna Klein called me', 'Anna Klein | called | me')])
    expect(called(graph)).toMatchObject({ 'Anna Weber': 1, Anna: 1, 'Anna Klein': 1 })
    await graph.create([note('Anna likes rain', 'Anna | likes | rain')])
    expect(called(graph)).toMatchObject({ 'Anna Weber': 1, Anna: 2, 'Anna Klein': 1 })
  })

  it('are guessed for people alone', async () => {
    const graph = await open()
    await graph.create([
      note('The Berlin Wall fell', 'Berlin Wall | fell in | 1989'),
      note('I flew to Berlin', 'I | flew to | Berlin'),
      note('Paris Hilton likes dogs', 'Paris Hilton | likes | dogs'),
      note('I flew to Paris', 'I | flew to | Paris'),
    ])
    expect(called(graph)).toMatchObject({ 'Berlin Wall': 1, Berlin: 1, 'Paris Hilton': 1, Paris: 1 })
  })
})

describe('labels', () => {
  it('of one entity differ in case, articles, "my" and full stops of titles, not in whose it is', async () => {
    const graph = await open()
    await graph.create([
      note('a', 'Mr. Brandt | repaired | the sink'),
      note('b', 'mr brandt | saw | my sink'),
      note('c', 'her sister | saw | his sink'),
      note('d', 'my sister | saw | Sink.'),
    ])
    expect(called(graph)).toEqual({ 'Mr. Brandt': 2, 'the sink': 3, 'her sister': 1, 'his sink': 1, 'my sister': 1 })
  })

  it('that are near in meaning or letters are never merged by that', async () => {
    const graph = await open()
    const embedding = Float32Array.of(1, 0)
    const likes = ['always', 'never', 'Anna', 'Anne', 'gate 1', 'gate 2']
    await graph.create(likes.map((label) => ({ ...note(label, `${label} | is | x${label}`), embedding, space: 's' })))
    expect(graph.entities().length).toBe(12)
  })
})

describe('merge and split', () => {
  it('by hand undo each other, and what was split stays apart', async () => {
    const graph = await open()
    await graph.create([
      note('The tram stop is near', 'tram stop | is near | home'),
      note('The stop at the corner is wet', 'corner stop | is | wet'),
    ])
    const id = (label: string) => graph.entities().find((entity) => entity.label === label)!.id
    const before = called(graph)
    const merged = await graph.merge(id('tram stop'), id('corner stop'))
    expect(merged).toMatchObject({ label: 'tram stop', aliases: ['corner stop'], merges: [{ reason: 'by-hand' }] })
    expect(merged.memories.length).toBe(2)
    const split = await graph.split(merged.id, 'the corner stop')
    expect(split).toMatchObject({ label: 'corner stop', aliases: [], memories: [graph.list()[1]!.id] })
    expect(called(graph)).toEqual(before)
    await graph.create([note('some words', 'tram stop | is called | corner stop')])
    expect(graph.entities().every(({ aliases }) => aliases.length === 0)).toBe(true)
    await graph.merge(id('corner stop'), id('tram stop'))
    expect(graph.entities().filter(({ aliases }) => aliases.length === 1).length).toBe(1)
  })

  it('move relations that the two had alike', async () => {
    const graph = await open()
    const results = await graph.create([
      note('a', 'x | near | z'),
      note('b', 'y | near | z'),
      note('c', 'x | near | y'),
    ])
    const [x, , y] = graph.entities()
    const { id } = await graph.merge(y!.id, x!.id)
    expect(graph.relations().map(({ memories }) => memories.length)).toEqual([2, 1])
    await graph.split(id, 'x')
    expect(graph.relations().length).toBe(3)
    await graph.delete(results.map(({ id }) => id))
    expect([graph.entities(), graph.relations()]).toEqual([[], []])
  })

  it('are refused with reasons', async () => {
    const graph = await open()
    await graph.create([note('a', 'x | near | z'), { ...note('b', 'x | near | I'), owner: 'Eve' }])
    const [x, z, other] = graph.entities().map(({ id }) => id)
    await expect(graph.merge(x!, 'nobody')).rejects.toMatchObject({
      code: 'entity-not-found',
      fields: { id: 'nobody' },
    })
    await expect(graph.merge(x!, x!)).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(graph.merge(x!, other!)).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(graph.split(z!, 'z')).rejects.toThrow(TypeError)
    await expect(graph.split('nobody', 'z')).rejects.toMatchObject({ code: 'entity-not-found' })
  })
})

it('an entity is not called by the words of a deleted memory alone', async () => {
  const graph = await open()
  const [first] = await graph.create([
    note('a', 'The SECRET Place | is near | home'),
    note('b', 'secret place | is near | town'),
    note('My sister Anna sings', 'Anna | sings in | the choir'),
    note('My sister Eva swims', 'Eva | swims in | the lake'),
  ])
  await graph.delete([first!.id])
  expect(called(graph)).toMatchObject({ 'secret place': 1, sister: 2 })
  await graph.delete(
    graph
      .list()
      .filter(({ text }) => text.includes('Anna'))
      .map(({ id }) => id),
  )
  expect(JSON.stringify(graph.entities())).not.toMatch(/SECRET|[Aa]nna/)
})

it('no word of a deleted memory is left in an entity', async () => {
  const graph = await open()
  const results = await graph.create([
    note('Johanna, everyone calls her Jo', 'Johanna | likes | tea'),
    note('Jo, short for Johanna', 'Jo | likes | rain'),
    note('Jo likes snow', 'Jo | likes | snow'),
  ])
  await graph.delete([results[0]!.id, results[1]!.id])
  expect(called(graph)).toEqual({ Jo: 1, snow: 1 })
  expect(JSON.stringify(graph.entities())).not.toContain('Johanna')
})
