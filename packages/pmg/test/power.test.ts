import { createUnreliableDirectory, type UnreliableDirectory } from '@perstream/conformance'
import { createRandom } from '@perstream/kit'
import type { MemoryBatch, Warning } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JournalStore, openJournalStore, verifyJournal } from '../src/journal'
import {
  after,
  BatchMaker,
  type Change,
  changes,
  contentOf,
  embeddingLines,
  embeddingsOf,
  type Model,
  modelOf,
  nameOf,
  sectionsOf,
  subjectsOf,
  tracesOf,
} from './store-model'

const numRuns = Number(process.env.PERSTREAM_POWER_CUTS ?? 400)

/** Several batches are committed at a time, so that some wait together. After some of them an index is kept. */
const groups = fc.array(
  fc.record({ batches: fc.array(changes, { minLength: 1, maxLength: 3 }), keeps: fc.boolean() }),
  { minLength: 1, maxLength: 6 },
)

interface Group {
  readonly batches: readonly (readonly Change[])[]
  readonly keeps: boolean
}

const rounds = fc.array(
  fc.record({
    groups,
    steps: fc.integer({ min: 0, max: 90 }),
  }),
  { minLength: 1, maxLength: 4 },
)

function open(directory: UnreliableDirectory, warnings: Warning[] = []): Promise<JournalStore> {
  return openJournalStore(directory, {
    ...{ mode: 'write', location: 'memory', compactAfterBytes: 3000 },
    onWarning: (warning) => warnings.push(warning),
  })
}

/** What was issued since the state that is surely there; the first `acknowledged` of it are durable. */
class Expected {
  readonly maker = new BatchMaker()
  base: Model = new Map()
  baseSequence = 0
  issued: MemoryBatch[] = []
  acknowledged = 0
  /** The states that an index was to be kept of, by sequence. */
  readonly kept = new Map<number, Model>()

  issue(group: readonly (readonly Change[])[]): MemoryBatch[] {
    const batches = group.map((list, i) => this.maker.batch(this.baseSequence + this.issued.length + i + 1, list))
    this.issued.push(...batches)
    return batches
  }

  stateAfter(count: number): Model {
    return this.issued.slice(0, count).reduce<Model>(after, this.base)
  }

  /** Goes on from what was found there. */
  settle(count: number): void {
    this.base = this.stateAfter(count)
    this.baseSequence += count
    this.issued = []
    this.acknowledged = 0
  }

  /** Memories that an acknowledged batch deleted, and nothing that was issued since names. */
  gone(): string[] {
    const named = new Set(this.stateAfter(this.acknowledged).keys())
    const later = this.issued.slice(this.acknowledged).flatMap(({ operations }) => operations)
    const acked = this.issued.slice(0, this.acknowledged)
    const last = new Map(
      acked.flatMap(({ operations }) =>
        operations.flatMap((each) => subjectsOf(each).map((id) => [id, each.type] as const)),
      ),
    )
    const ids = Array.from({ length: 8 }, (_, id) => nameOf(id))
    return ids.filter(
      (id) =>
        !named.has(id) && last.get(id) === 'memory-delete' && !later.some((each) => subjectsOf(each).includes(id)),
    )
  }
}

async function writeAll(store: JournalStore, groups: readonly Group[], expected: Expected) {
  for (const group of groups) {
    const batches = expected.issue(group.batches)
    const done = await Promise.allSettled(batches.map((batch) => store.commit(batch)))
    const failed = done.findIndex(({ status }) => status === 'rejected')
    expected.acknowledged += failed < 0 ? done.length : failed
    if (failed >= 0) {
      expect(done.slice(failed).every(({ status }) => status === 'rejected')).toBe(true)
      return (done[failed] as PromiseRejectedResult).reason as Error
    }
    if (!group.keeps) continue
    const state = expected.stateAfter(expected.acknowledged)
    expected.kept.set(expected.baseSequence + expected.acknowledged, state)
    await store.writeIndex(sectionsOf(state))
  }
  return undefined
}

/** An index that is found is that of the state it was made of. Says whether there was one. */
async function checkIndex(store: JournalStore, { kept }: Expected): Promise<boolean> {
  const index = await store.readIndex()
  if (!index) return false
  const state = kept.get(index.sequence)!
  expect(modelOf(index)).toEqual(state)
  expect(await embeddingsOf(index)).toEqual(embeddingLines(state))
  await index[Symbol.asyncDispose]()
  return true
}

const putAndDelete: readonly Group[] = [
  { batches: [[{ id: 1, kind: 'put' }]], keeps: true },
  { batches: [[{ id: 1, kind: 'delete' }]], keeps: true },
]

describe('a power cut at any step', () => {
  it('loses nothing that was acknowledged, brings back nothing deleted, and leaves a store that goes on', async () => {
    let cuts = 0
    let torn = 0
    let indexes = 0
    await fc.assert(
      fc.asyncProperty(rounds, fc.integer(), async (list, seed) => {
        const random = createRandom(seed)
        const directory = createUnreliableDirectory(() => random.next())
        const expected = new Expected()
        for (const { groups, steps } of list) {
          directory.failAfter(steps, 'power')
          const store = await open(directory).catch(() => undefined)
          const error = store && (await writeAll(store, groups, expected))
          if (error) expect(`${error.message} ${error.cause}`).toContain('the power was cut')
          if (!store || error) cuts++
          else expect(tracesOf(directory.files, expected.gone())).toEqual([])
          directory.restart()
          expect(tracesOf(directory.files, expected.gone())).toEqual([])
          const warnings: Warning[] = []
          directory.failAfter(Math.floor(random.next() * 12), 'power')
          await open(directory, warnings).catch(() => cuts++)
          directory.restart()
          const again = await open(directory, warnings)
          torn += warnings.filter(({ code }) => code === 'journal-tail-cut').length
          expect(warnings.filter(({ code }) => code === 'index-ignored')).toEqual([])
          const { model, sequence } = await contentOf(again)
          const count = sequence - expected.baseSequence
          expect(count).toBeGreaterThanOrEqual(expected.acknowledged)
          expect(count).toBeLessThanOrEqual(expected.issued.length)
          expect(model).toEqual(expected.stateAfter(count))
          if (await checkIndex(again, expected)) indexes++
          expect(await verifyJournal(directory)).toMatchObject({ whole: true, sequence, tornBytes: 0, damage: [] })
          expected.settle(count)
        }
      }),
      { numRuns },
    )
    expect(cuts).toBeGreaterThan(numRuns / 2)
    expect(torn).toBeGreaterThan(numRuns / 50)
    expect(indexes).toBeGreaterThan(numRuns / 10)
  }, 300_000)
})

describe('a disk that is full at any write', () => {
  it('fails that write with the system’s reason, changes nothing, and lets the next through', async () => {
    let failures = 0
    await fc.assert(
      fc.asyncProperty(rounds, fc.integer(), async (list, seed) => {
        const random = createRandom(seed)
        const directory = createUnreliableDirectory(() => random.next())
        const expected = new Expected()
        const store = await open(directory)
        for (const { groups, steps } of list) {
          directory.failAfter(steps, 'full')
          const error = await writeAll(store, groups, expected)
          directory.heal()
          if (error) {
            failures++
            expect(error).toMatchObject({ code: 'ENOSPC' })
          }
          expect((await contentOf(store)).model).toEqual(expected.stateAfter(expected.acknowledged))
          expected.settle(expected.acknowledged)
          await checkIndex(store, expected)
          expect(await writeAll(store, putAndDelete, expected)).toBe(undefined)
          expect(tracesOf(directory.files, expected.gone())).toEqual([])
        }
        await store[Symbol.asyncDispose]()
        const again = await open(directory)
        expect(await contentOf(again)).toMatchObject({ model: expected.stateAfter(expected.acknowledged) })
      }),
      { numRuns: numRuns / 2 },
    )
    expect(failures).toBeGreaterThan(numRuns / 10)
  }, 300_000)
})
