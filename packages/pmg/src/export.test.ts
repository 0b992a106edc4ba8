import type { EntityRecord, Memory, MemoryVersion, MemoryVisits, RelationRecord, SourceProgress } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph } from './create-memory-graph'
import { type ExportableState, type ExportedMemory, exportLines, parseLine } from './export'
import { createVolatileTensors } from './tensors/volatile-tensors'
import { createVolatileStore } from './volatile-store'

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((words) => words.trim() !== '')
const time = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
)
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined })
const window = fc
  .tuple(maybe(time), maybe(time))
  .map(([a, b]) => (a !== undefined && b !== undefined && b < a ? [b, a] : [a, b]))
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)
const side = fc.integer({ min: 1, max: 9 })
const grid = fc.record({ id: fc.string(), rows: side, columns: side, dimensions: side, space: text })
const evidence = fc
  .tuple(text, fc.integer(), fc.nat(100), fc.array(fc.nat(1000), { maxLength: 3 }))
  .map(([source, startSeconds, more, frames]) => ({ source, startSeconds, endSeconds: startSeconds + more, frames }))
const triplet = fc.record({ subject: text, predicate: text, object: text })
const version: fc.Arbitrary<MemoryVersion> = fc
  .record({
    text,
    category: text,
    confidence: share,
    window,
    since: time,
    until: time,
    change: fc.constantFrom('updated' as const, 'revised' as const),
  })
  .map(({ window: [validFrom, validTo], ...rest }) => ({ ...rest, validFrom, validTo }))
const vector = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1, max: 1 }), { minLength: 3, maxLength: 3 })
  .map((values) => {
    const length = Math.hypot(...values)
    return length < 1e-6 ? Float32Array.of(0, 1, 0) : Float32Array.from(values, (value) => value / length)
  })

const record = fc
  .record({
    id: text,
    text,
    category: text,
    origin: fc.constantFrom('read', 'told', 'said'),
    owner: text,
    confidence: share,
    evidence: fc.array(evidence, { maxLength: 3 }),
    triplets: fc.array(triplet, { maxLength: 3 }),
    learnedAt: time,
    updatedAt: time,
  })
  .chain((base) =>
    fc.record({
      base: fc.constant(base),
      window,
      track: maybe(text),
      supersededBy: maybe(text),
      supersededAt: maybe(time),
      conflicts: maybe(fc.array(text, { maxLength: 2 })),
      meanGrid: maybe(grid),
      nearestGrid: maybe(grid),
      embedding: maybe(vector),
      versions: fc.array(version, { maxLength: 3 }),
      visits: fc.record({ visits: fc.nat(9), lastVisitedAt: time }),
    }),
  )
  .map(({ base, window: [validFrom, validTo], embedding, versions, visits, ...rest }) => ({
    memory: { ...base, ...rest, validFrom, validTo, space: embedding && 'space' } as Memory,
    embedding,
    versions,
    visits,
  }))

type Kept = ReturnType<typeof record.generate>['value']

function stateOf(
  records: readonly Kept[],
  more: { entities?: EntityRecord[]; relations?: RelationRecord[]; progress?: SourceProgress[] } = {},
): ExportableState<Kept> {
  const entries = new Map(records.map((each) => [each.memory.id, each]))
  const { entities = [], relations = [], progress = [] } = more
  return {
    space: 'space',
    vectors: { dimensions: 3 },
    entities: new Map(entities.map((each) => [each.id, { record: each }])),
    relations: new Map(relations.map((each) => [each.id, { record: each }])),
    progress: new Map(progress.map((each) => [each.source, each])),
    entries,
    embedding: (id) => entries.get(id)?.embedding,
    visits: ({ visits }): MemoryVisits => visits,
  }
}

const read = (lines: Iterable<string>) => Array.from(lines, (line, i) => parseLine(line, i + 1))

describe('an export', () => {
  it('keeps every field of a memory, its past, its visits and its vector bit by bit', () => {
    fc.assert(
      fc.property(fc.uniqueArray(record, { maxLength: 4, selector: ({ memory }) => memory.id }), (records) => {
        const [header, ...lines] = read(exportLines(stateOf(records), 7))
        expect(header).toEqual({ type: 'header', space: 'space', dimensions: 3 })
        expect(lines).toHaveLength(records.length)
        for (const [i, { memory, embedding, versions, visits }] of records.entries()) {
          const line = lines[i] as ExportedMemory
          expect(line.memory).toEqual(memory)
          expect(line.embedding).toEqual(embedding)
          expect(line.versions ?? []).toEqual(versions)
          expect(line.visits).toEqual(visits.visits > 0 ? visits : undefined)
        }
      }),
    )
  })

  it('keeps entities, relations and progress', () => {
    const entities: EntityRecord[] = [
      { id: 'e', label: 'Anna', aliases: ['Annie'], owner: 'me', kind: 'thing', createdAt: 1 },
    ]
    const relations: RelationRecord[] = [{ id: 'r', subject: 'e', predicate: 'is', object: 'e', createdAt: 2 }]
    const progress: SourceProgress[] = [{ source: 'a.mp4', seconds: 2.5 }]
    const lines = read(exportLines(stateOf([], { entities, relations, progress }), 7)).slice(1)
    expect(lines).toEqual([
      { type: 'entity', entity: entities[0] },
      { type: 'relation', relation: relations[0] },
      { type: 'progress', progress: progress[0] },
    ])
  })

  it('comes back from a graph as it was', async () => {
    const graph = await createMemoryGraph({ store: createVolatileStore() })
    const triplets = [{ subject: 'Anna', predicate: 'owns', object: 'a bike' }]
    await graph.create([
      {
        text: 'Anna owns a bike',
        category: 'notes',
        origin: 'told',
        triplets,
        embedding: Float32Array.of(0.6, 0.8, 0),
        space: 's',
        validFrom: 3,
        track: 't',
      },
    ])
    const lines: string[] = []
    for await (const line of graph.export()) lines.push(line)
    const other = await createMemoryGraph({ store: createVolatileStore() })
    await other.import(lines)
    expect(other.list()).toEqual(graph.list())
    expect(other.entities()).toEqual(graph.entities())
  })
})

describe('grids in an export', () => {
  const shape = { rows: 2, columns: 2, dimensions: 5, space: 'patches' }
  const gridOf = (seed: number) => ({
    ...shape,
    data: Float32Array.from({ length: 20 }, (_, i) => Math.sin(seed * 20 + i)),
  })
  const note = (words: string) => ({ text: words, category: 'notes', origin: 'seen' as const })
  const open = async (tensors = createVolatileTensors()) => ({
    tensors,
    graph: await createMemoryGraph({ store: createVolatileStore(), tensors }),
  })
  async function exported() {
    const { graph, tensors } = await open()
    const shared = gridOf(1)
    await graph.create([
      { ...note('one'), meanGrid: shared, nearestGrid: gridOf(2) },
      { ...note('two'), meanGrid: shared },
      note('three'),
    ])
    const [second] = graph.list().filter(({ text: words }) => words === 'one')
    const lowered = second!.nearestGrid!
    await tensors.put(lowered.id, (await tensors.get(lowered.id))!, { precision: 'i8' })
    const lines: string[] = []
    for await (const line of graph.export({ grids: true })) lines.push(line)
    return { graph, tensors, lines, lowered }
  }

  it('come back bit by bit, in their precision, each once', async () => {
    const { graph, tensors, lines, lowered } = await exported()
    expect(lines.filter((line) => line.startsWith('{"type":"grid"'))).toHaveLength(2)
    const other = await open()
    expect(await other.graph.import(lines)).toEqual({ imported: 3, skipped: 0 })
    expect(other.graph.list()).toEqual(graph.list())
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
    expect([...(await other.tensors.list())].sort(byId)).toEqual([...(await tensors.list())].sort(byId))
    expect(await other.graph.grid(lowered)).toEqual(await graph.grid(lowered))
    expect(await other.graph.import(lines)).toEqual({ imported: 0, skipped: 3 })
    expect(await other.graph.gridUsage()).toEqual(await graph.gridUsage())
  })

  it('are freed again when their memories do not come, and refused where there is no place', async () => {
    const { lines } = await exported()
    const broken = [...lines.slice(0, -1), '{']
    const other = await open()
    await expect(other.graph.import(broken)).rejects.toMatchObject({ code: 'input-invalid' })
    expect(await other.tensors.list()).toEqual([])
    const none = await createMemoryGraph({ store: createVolatileStore() })
    await expect(none.import(lines)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('tensors'),
    })
    await expect(none.export({ grids: true })[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError)
  })
})

const whole = () => {
  const memory: Memory = {
    id: 'a',
    text: 'words',
    category: 'notes',
    origin: 'told',
    owner: 'me',
    confidence: 1,
    evidence: [],
    triplets: [],
    space: undefined,
    validFrom: undefined,
    validTo: undefined,
    learnedAt: 1,
    updatedAt: 2,
    track: undefined,
  }
  return { type: 'memory', memory }
}

describe('an import', () => {
  it.each<[string, object, RegExp]>([
    [
      'an unknown field of a memory',
      { memory: { ...whole().memory, mood: 'glad' } },
      /memory has a field "mood" that this release does not know/,
    ],
    ['an unknown field of a line', { ...whole(), extra: 1 }, /the line has a field "extra"/],
    ['an id that is none', { memory: { ...whole().memory, id: '' } }, /memory\.id is ""/],
    ['conflicts that are no list', { memory: { ...whole().memory, conflicts: 'b' } }, /memory\.conflicts is "b"/],
    [
      'a grid without rows',
      { memory: { ...whole().memory, meanGrid: { id: 'g', rows: 0, columns: 1, dimensions: 1, space: 's' } } },
      /memory\.meanGrid\.rows is 0/,
    ],
    [
      'a version without time',
      { ...whole(), versions: [{ text: 'x', category: 'n', confidence: 1, change: 'updated' }] },
      /versions\[0\]\.since is undefined/,
    ],
    [
      'a version of an unknown change',
      { ...whole(), versions: [{ text: 'x', category: 'n', confidence: 1, since: 1, until: 2, change: 'guessed' }] },
      /versions\[0\]\.change is "guessed"/,
    ],
    ['half a visit', { ...whole(), visits: { visits: 0.5, lastVisitedAt: 1 } }, /visits\.visits is 0\.5/],
    ['a vector without a space', { ...whole(), embedding: 'AACAPw==' }, /memory\.space and embedding/],
    ['a vector that is no base64', { memory: { ...whole().memory, space: 's' }, embedding: '*' }, /line 2/],
    [
      'an entity of an unknown kind',
      { type: 'entity', entity: { id: 'e', label: 'x', aliases: [], owner: 'me', kind: 'ghost', createdAt: 1 } },
      /entity\.kind is "ghost"/,
    ],
    [
      'a relation without a subject',
      { type: 'relation', relation: { id: 'r', predicate: 'is', object: 'e', createdAt: 1 } },
      /relation\.subject is undefined/,
    ],
    [
      'a grid of the wrong length',
      { type: 'grid', id: 'g', rows: 1, columns: 1, dimensions: 2, space: 's', precision: 'f32', data: 'AACAPw==' },
      /data has 4 bytes/,
    ],
    [
      'a grid with NaN',
      { type: 'grid', id: 'g', rows: 1, columns: 1, dimensions: 1, space: 's', precision: 'f32', data: 'AADAfw==' },
      /grid\.data\[0\] is NaN/,
    ],
    ['an unknown line', { type: 'photo' }, /type is "photo"/],
  ])('refuses %s, with the line and the field', (_, value, message) => {
    const line = JSON.stringify('type' in value ? value : { ...whole(), ...value })
    expect(() => parseLine(line, 2)).toThrow(
      expect.objectContaining({ code: 'input-invalid', fields: { line: 2 }, message: expect.stringMatching(message) }),
    )
  })

  it('fails in one way only, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.integer({ min: 1, max: 3 }), (line, number) => {
        try {
          parseLine(line, number)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(?:input-invalid|store-version)$/) })
        }
      }),
    )
  })
})
