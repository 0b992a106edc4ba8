import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MemoryInput } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryGraph } from '../create-memory-graph'
import { importDrivenAct, importInto, importMcpMemory, importMem0 } from '../import'
import { checkInput } from '../memory-input'
import { createVolatileStore } from '../volatile-store'
import type { ImportItem, SkippedItem } from './import-item'

const openGraph = (categories?: string[]) =>
  createMemoryGraph({ store: createVolatileStore(), categories, now: () => 5e12 })

async function gathered(items: Iterable<ImportItem> | AsyncIterable<ImportItem>) {
  const inputs: MemoryInput[] = []
  const skipped: SkippedItem[] = []
  for await (const item of items) {
    if (item.type === 'memory') inputs.push(item.input)
    else skipped.push(item.skipped)
  }
  return { inputs, skipped }
}

/** As the Python library returns it, with graph memory. */
const openSource = {
  results: [
    {
      id: 'f38b689d-6b24-45b7-bced-17fbb4d8bac7',
      memory: 'Name is John',
      hash: '62bc074f56d1f909f1b4c2b639f56f6a',
      metadata: null,
      created_at: '2024-07-25T23:57:00.108347-07:00',
      updated_at: null,
      user_id: 'john',
    },
    {
      id: '0a14d8f0-e364-4f5c-b305-10da1f0d0878',
      memory: 'Will fly to Lisbon on Friday',
      hash: 'x',
      metadata: { category: 'travel' },
      created_at: '2024-07-25T23:57:00-07:00',
      updated_at: '2024-07-26T10:00:00Z',
      user_id: 'john',
      run_id: 'trip',
    },
  ],
  relations: [{ source: 'john', relationship: 'flies_to', target: 'lisbon' }],
}

describe('importMem0', () => {
  it('reads what the open-source library gives, relations among it, and says what had no place', async () => {
    const { inputs, skipped } = await gathered(importMem0(JSON.stringify(openSource)))
    const evidence = [{ source: 'mem0', startSeconds: 0, endSeconds: 0, frames: [] }]
    expect(inputs).toMatchObject([
      {
        text: 'Name is John',
        category: 'notes',
        origin: 'told',
        owner: 'john',
        track: 'f38b689d-6b24-45b7-bced-17fbb4d8bac7',
        evidence,
        learnedAt: Date.UTC(2024, 6, 26, 6, 57, 0, 108),
      },
      { text: 'Will fly to Lisbon on Friday', learnedAt: Date.UTC(2024, 6, 26, 10) },
      { text: 'john flies to lisbon', triplets: [{ subject: 'john', predicate: 'flies to', object: 'lisbon' }] },
    ])
    expect(skipped).toEqual([
      { at: 'results[1].metadata', reason: 'has no place in a memory', value: '{"category":"travel"}' },
      { at: 'results[1].run_id', reason: 'has no place in a memory', value: '"trip"' },
    ])
  })

  it.each([
    [
      'the TypeScript library',
      { results: [{ id: 'a', memory: 'Likes tea', createdAt: '2025-01-02T03:04:05Z', metadata: {}, userId: 'u' }] },
    ],
    [
      'a page of the platform',
      {
        count: 1,
        next: null,
        previous: null,
        results: [
          {
            id: 'a',
            memory: 'Likes tea',
            created_at: '2025-01-02T03:04:05Z',
            user_id: 'u',
            owner: null,
            organization: 'o',
            immutable: false,
            expiration_date: null,
          },
        ],
      },
    ],
    [
      'the platform, a bare list',
      [{ id: 'a', data: { memory: 'Likes tea' }, created_at: new Date('2025-01-02T03:04:05Z'), user_id: 'u' }],
    ],
    ['an export', { memories: [{ id: 'a', memory: 'Likes tea', created_at: '2025-01-02T03:04:05Z', user_id: 'u' }] }],
  ])('reads %s', async (_, json) => {
    const { inputs, skipped } = await gathered(importMem0(json))
    expect(inputs).toMatchObject([
      { text: 'Likes tea', owner: 'u', track: 'a', learnedAt: Date.UTC(2025, 0, 2, 3, 4, 5) },
    ])
    expect(skipped).toEqual([])
  })

  it('keeps categories and the end of what expires, and asks for a category where it is told how', async () => {
    const item = { id: 'a', memory: 'Rents a flat', categories: ['housing', 'personal'], expiration_date: '2026-12-31' }
    const [kept] = (await gathered(importMem0([item]))).inputs
    expect(kept).toMatchObject({ category: 'housing', validTo: Date.UTC(2026, 11, 31) })
    const category = (text: string, categories: readonly string[]) => `${categories.length} ${text.length}`
    const [asked] = (await gathered(importMem0([item], { category, owner: 'me' }))).inputs
    expect(asked).toMatchObject({ category: '2 12', owner: 'me' })
  })

  it('skips what is broken, with its place, and goes on', async () => {
    const items: unknown[] = [
      { id: 'a' },
      7,
      { memory: '  ' },
      { memory: 'x'.repeat(1_000_001) },
      { memory: 'fine', created_at: 'soon' },
      'only words',
    ]
    items.push('half \ud83d of a smile')
    const { inputs, skipped } = await gathered(importMem0({ results: items, relations: [{ source: 'a' }] }))
    expect(inputs.map(({ text }) => text)).toEqual(['fine', 'only words', 'half \ufffd of a smile'])
    expect(skipped.map(({ at, reason }) => `${at} ${reason}`)).toEqual([
      'results[0] memory is not a text',
      'results[1] is not an object',
      'results[2] memory is blank',
      expect.stringMatching(/^results\[3\] memory\.text is 1000001 characters/),
      'results[4].created_at is no time',
      'relations[0] names no source, relationship and target',
    ])
    expect(skipped.every(({ value }) => value.length <= 200)).toBe(true)
  })

  it('refuses what is not of mem0', async () => {
    for (const json of ['{', '{}', 'null', '7', '{"results":7}'])
      await expect(gathered(importMem0(json))).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('never yields what a graph would refuse, whatever it is given', async () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom('2024-01-01', 'word', ['a']))
    const item = fc.record(
      {
        id: field,
        memory: field,
        user_id: field,
        created_at: field,
        updated_at: field,
        expiration_date: field,
        categories: field,
        more: field,
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(item, fc.jsonValue())),
        fc.array(fc.jsonValue()),
        async (results, relations) => {
          for (const input of (await gathered(importMem0({ results, relations }))).inputs) checkInput(input, 'input')
        },
      ),
    )
  })
})

const knowledge = [
  '{"type":"entity","name":"John_Smith","entityType":"person","observations":["Works at Acme","john_smith speaks Spanish"]}',
  '{"type":"entity","name":"Acme","entityType":"software_company","observations":[]}',
  '{"type":"relation","from":"John_Smith","to":"Acme","relationType":"works_at"}',
]

describe('importMcpMemory', () => {
  it('makes a memory of each observation, relation and bare entity', async () => {
    const { inputs, skipped } = await gathered(importMcpMemory(knowledge.join('\n')))
    const person = [{ subject: 'John_Smith', predicate: 'is a', object: 'person' }]
    expect(inputs).toMatchObject([
      { text: 'John_Smith: Works at Acme', triplets: person, category: 'notes' },
      { text: 'john_smith speaks Spanish', triplets: person },
      {
        text: 'Acme is a software_company'.replace('_', ' '),
        triplets: [{ subject: 'Acme', predicate: 'is a', object: 'software company' }],
      },
      {
        text: 'John_Smith works at Acme',
        triplets: [{ subject: 'John_Smith', predicate: 'works at', object: 'Acme' }],
      },
    ])
    expect(skipped).toEqual([])
  })

  it('links what is said of one entity in the graph', async () => {
    const graph = await openGraph()
    await importInto(graph, importMcpMemory(knowledge))
    const john = graph.entities().find(({ label }) => label === 'John_Smith')
    expect(john?.memories).toHaveLength(3)
    expect((await graph.retrieve({ text: 'Where does John_Smith work?' }))[0]?.memory.text).toContain('Acme')
  })

  it('reports broken lines by number, or throws at the first when it is strict', async () => {
    const lines = [
      knowledge[0]!,
      '{"type":',
      '',
      '[]',
      '{"type":"entity","name":""}',
      '{"type":"entity","name":"A","observations":["x",7,""]}',
      '{"type":"relation","from":"A"}',
      `"${'x'.repeat(17 * 2 ** 20)}"`,
      knowledge[2]!,
    ]
    const { inputs, skipped } = await gathered(importMcpMemory(lines))
    expect(inputs.map(({ text }) => text)).toEqual([
      'John_Smith: Works at Acme',
      'john_smith speaks Spanish',
      'A: x',
      'John_Smith works at Acme',
    ])
    expect(skipped.map(({ at, reason }) => `${at} ${reason.slice(0, 24)}`)).toEqual([
      expect.stringMatching(/^line 2 is not JSON: /),
      'line 4 is neither an entity nor',
      'line 5 name is blank',
      'line 6, observations[1] is not a text',
      'line 6, observations[2] is blank',
      'line 7 to is not a text',
      'line 8 has 17825794 characters:',
    ])
    await expect(gathered(importMcpMemory(lines, { strict: true }))).rejects.toMatchObject({
      code: 'input-invalid',
      fields: { line: 2 },
    })
  })

  it('accounts for every line, whatever it is given', async () => {
    const record = fc.record(
      {
        type: fc.constantFrom('entity', 'relation', 'x'),
        name: fc.jsonValue(),
        entityType: fc.jsonValue(),
        observations: fc.jsonValue(),
        from: fc.jsonValue(),
        to: fc.jsonValue(),
        relationType: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      record.map((value) => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(line), async (lines) => {
        for (const each of lines) {
          const { inputs, skipped } = await gathered(importMcpMemory([each]))
          if (each.trim() !== '') expect(inputs.length + skipped.length).toBeGreaterThan(0)
          for (const input of inputs) checkInput(input, 'input')
        }
      }),
    )
  })
})

const video = 'vp3/run2_2018-05-29-14-02-47.kinect_color'
const row = (timestamp: unknown, type1: unknown, type2: unknown = [], more = {}) => ({
  participant_id: 3,
  video_id: video,
  timestamp,
  caption: 'sitting',
  type_1_memories: type1,
  type_2_memories: type2,
  ...more,
})

describe('importDrivenAct', () => {
  it('takes each text of a video once, at the row that brought it', async () => {
    const rows = [
      row('9.6', ['I drink tea.', 'I drink tea.'], ['I sang last week.']),
      row(4.2, ['I drink tea.', 'I own a bike.']),
    ]
    const { inputs, skipped } = await gathered(importDrivenAct(rows))
    expect(inputs.map(({ text, evidence }) => [text, evidence![0]!.startSeconds, evidence![0]!.frames])).toEqual([
      ['I drink tea.', 9.6, [144]],
      ['I sang last week.', 9.6, [144]],
      ['I own a bike.', 4.2, [63]],
    ])
    expect(inputs[0]).toMatchObject({
      owner: 'vp3',
      evidence: [{ source: video }],
      learnedAt: Date.UTC(2018, 4, 29, 14, 2, 56, 600),
    })
    expect(skipped).toEqual([])
  })

  it('takes seconds that are off the grid of frames, and asks for a category by type', async () => {
    const category = (_: string, type: 1 | 2) => (type === 1 ? 'facts' : 'episodes')
    const { inputs } = await gathered(importDrivenAct(JSON.stringify([row('420.333', ['a'], ['b'])]), { category }))
    expect(inputs).toMatchObject([
      { category: 'facts', evidence: [{ startSeconds: 420.333, frames: [6305] }] },
      { category: 'episodes' },
    ])
  })

  it('skips faulty rows and texts, with their place', async () => {
    const rows = [
      row('soon', ['a']),
      7,
      row('', ['a']),
      row(1, ['a'], [], { participant_id: 4 }),
      row(1, ['a', 5, '']),
      row(-1, ['b']),
      { timestamp: 1 },
      row(2, 'one text', null),
    ]
    const { inputs, skipped } = await gathered(importDrivenAct(rows))
    expect(inputs.map(({ text }) => text)).toEqual(['a', 'one text'])
    expect(skipped.map(({ at }) => at)).toEqual([
      'row 0',
      'row 1',
      'row 2',
      'row 3',
      'row 4, type_1_memories[1]',
      'row 4, type_1_memories[2]',
      'row 5',
      'row 6',
    ])
    await expect(gathered(importDrivenAct('{}'))).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(gathered(importDrivenAct('['))).rejects.toMatchObject({ code: 'input-invalid' })
  })

  const file = join(
    process.env.PERSTREAM_SHARED ?? join(import.meta.dirname, '../../../../../shared'),
    'data/drivenact.train-val.json',
  )
  it.skipIf(!existsSync(file))('loses nothing of the shipped rows (skipped: no shared material)', async () => {
    const text = readFileSync(file, 'utf8')
    type Row = { participant_id: number; video_id: string; type_1_memories: string[]; type_2_memories: string[] }
    const rows = JSON.parse(text) as Row[]
    const { inputs, skipped } = await gathered(importDrivenAct(text))
    expect(skipped).toEqual([])
    const expected = new Set(
      rows.flatMap((each) =>
        [...each.type_1_memories, ...each.type_2_memories].map((words) => `${each.video_id} ${words}`),
      ),
    )
    expect(inputs.map((input) => `${input.evidence![0]!.source} ${input.text}`).sort()).toEqual([...expected].sort())
    const graph = await openGraph()
    const first = await importInto(graph, importDrivenAct(text))
    expect(first.created + first.extended).toBe(inputs.length)
    expect(await importInto(graph, importDrivenAct(text))).toMatchObject({
      created: 0,
      extended: 0,
      revised: 0,
      unchanged: inputs.length,
    })
    expect(graph.stats().memories).toBe(first.created)
  })
})

describe('importInto', () => {
  it('doubles nothing when it is done again, and takes in what changed', async () => {
    const graph = await openGraph()
    const all = () => [...importMem0(openSource), ...importMem0({ results: [{ memory: 'Name is John' }] })]
    expect(await importInto(graph, all())).toMatchObject({ created: 4, unchanged: 0 })
    await importInto(graph, importMcpMemory(knowledge))
    const before = graph.list()
    expect(await importInto(graph, all())).toMatchObject({ created: 0, extended: 0, revised: 0, unchanged: 4 })
    expect(await importInto(graph, importMcpMemory(knowledge))).toMatchObject({ created: 0, extended: 0, unchanged: 4 })
    expect(graph.list()).toEqual(before)
    const changed = structuredClone(openSource)
    changed.results[1]!.memory = 'Will fly to Porto on Friday'
    expect(await importInto(graph, importMem0(changed))).toMatchObject({ created: 0, revised: 1, unchanged: 2 })
    expect(graph.stats().memories).toBe(before.length)
    expect(graph.list({ source: 'mem0' }).map(({ text }) => text)).toContain('Will fly to Porto on Friday')
  })

  it('goes on after it was cut off, and reports how far it is', async () => {
    const graph = await openGraph()
    const results = Array.from({ length: 25 }, (_, i) => ({ id: `m${i}`, memory: `Fact number ${i}` }))
    const abort = new AbortController()
    const done: number[] = []
    const onProgress = (progress: { done: number }) => {
      done.push(progress.done)
      if (progress.done === 20) abort.abort(new Error('cut off'))
    }
    await expect(
      importInto(graph, importMem0({ results }), { batchSize: 10, onProgress, signal: abort.signal }),
    ).rejects.toThrow('cut off')
    expect(graph.stats().memories).toBe(20)
    expect(await importInto(graph, importMem0({ results }), { batchSize: 10 })).toMatchObject({
      created: 5,
      unchanged: 20,
      skipped: [],
    })
    expect(done).toEqual([10, 20])
  })

  it('keeps two owners apart and the batches before an error', async () => {
    const graph = await openGraph(['notes'])
    const results = ['ann', 'ben'].map((user) => ({ id: 'same', memory: 'Likes tea', user_id: user }))
    expect(await importInto(graph, importMem0({ results }))).toMatchObject({ created: 2 })
    const bad = { results: [{ memory: 'one' }, { memory: 'two', categories: ['food'] }] }
    await expect(importInto(graph, importMem0(bad), { batchSize: 1 })).rejects.toMatchObject({
      code: 'category-unknown',
    })
    expect(graph.stats().memories).toBe(3)
    await expect(importInto(graph, [], { batchSize: 0 })).rejects.toThrow(/batchSize is 0/)
  })
})
