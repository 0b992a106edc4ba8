import { createUnreliableDirectory, type UnreliableDirectory } from '@perstream/conformance'
import { createRandom } from '@perstream/kit'
import { PerStreamError, type Warning } from '@perstream/spec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openJournalStore, repairJournal, verifyJournal } from '../src/journal'
import {
  after,
  BatchMaker,
  changes,
  contentOf,
  embeddingLines,
  embeddingsOf,
  type Model,
  modelOf,
  sectionsOf,
} from './store-model'

const numRuns = Number(process.env.PERSTREAM_FUZZ ?? 600)
/** Milliseconds that no damage may cost: what would read without end, not what is slow. */
const longest = 30_000

/** What is done to the bytes of a file. Places are fractions of its length. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), place: fc.double({ min: 0, max: 1, noNaN: true }), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), place: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('replace' as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({
    kind: fc.constant('overwrite' as const),
    place: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }),
  }),
  fc.record({ kind: fc.constant('append' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }) }),
  fc.record({
    kind: fc.constant('length' as const),
    value: fc.integer({ min: 0, max: 0xffffffff }),
    at: fc.constantFrom(4, 40, 44, 52),
  }),
  fc.record({
    kind: fc.constant('splice' as const),
    from: fc.nat(),
    place: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ kind: fc.constant('swap' as const), from: fc.nat() }),
  fc.record({ kind: fc.constant('remove' as const) }),
)

type Damage = typeof damage extends fc.Arbitrary<infer Value> ? Value : never

function damaged(bytes: Uint8Array, how: Damage, others: readonly Uint8Array[]): Uint8Array | undefined {
  const copy = bytes.slice()
  const at = 'place' in how ? Math.min(Math.floor(how.place * copy.length), Math.max(0, copy.length - 1)) : 0
  const other = 'from' in how ? others[how.from % others.length]! : copy
  switch (how.kind) {
    case 'flip':
      if (copy.length > 0) copy[at]! ^= 1 << how.bit
      return copy
    case 'cut':
      return copy.slice(0, at)
    case 'replace':
      return how.bytes
    case 'overwrite':
      copy.set(how.bytes.subarray(0, copy.length - at), at)
      return copy
    case 'append':
      return Uint8Array.from([...copy, ...how.bytes])
    case 'length':
      if (copy.length >= how.at + 4) new DataView(copy.buffer).setUint32(how.at, how.value, true)
      return copy
    case 'splice':
      return Uint8Array.from([...copy.slice(0, at), ...other.slice(at)])
    case 'swap':
      return other
    case 'remove':
      return undefined
  }
}

/** A store with parts, a journal and mostly an index, the states it went through, and its files, those of before too. */
async function build(groups: readonly (readonly Parameters<BatchMaker['batch']>[1][])[]) {
  const directory = folder()
  const store = await openJournalStore(directory, { mode: 'write', location: 'memory', compactAfterBytes: 1500 })
  const maker = new BatchMaker()
  const states: Model[] = [new Map()]
  const files: Uint8Array[] = []
  for (const list of groups.flat()) {
    const batch = maker.batch(states.length, list)
    await store.commit(batch)
    states.push(after(states.at(-1)!, batch))
    if (list.length !== 2) await store.writeIndex(sectionsOf(states.at(-1)!))
    files.push(...directory.files.values())
  }
  await store[Symbol.asyncDispose]()
  return { directory, states, files }
}

function folder(): UnreliableDirectory {
  const random = createRandom(1)
  return createUnreliableDirectory(() => random.next())
}

function copyOf(directory: UnreliableDirectory): UnreliableDirectory {
  const copy = folder()
  for (const [name, bytes] of directory.files) copy.put(name, bytes)
  return copy
}

const allowed = ['store-corrupt', 'store-version', 'input-invalid']

it('damaged files give what was written, up to a tail that is reported, or a typed error, and can be repaired', async () => {
  const outcomes = { opened: 0, refused: 0, repaired: 0, indexed: 0, ignored: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(changes, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 8 }),
      fc.array(fc.record({ file: fc.nat(), how: damage }), { minLength: 1, maxLength: 2 }),
      async (groups, hits) => {
        const { directory, states, files } = await build(groups)
        for (const { file, how } of hits) {
          const all = [...directory.files]
          const [name, bytes] = all[file % all.length]!
          directory.put(name, damaged(bytes, how, files))
          if (directory.files.size === 0) return
        }
        const started = performance.now()
        for (const mode of ['read', 'write'] as const) {
          const warnings: Warning[] = []
          const found = await read(copyOf(directory), mode, warnings)
          if (found instanceof PerStreamError) outcomes.refused++
          else {
            outcomes.opened++
            expect(found.model).toEqual(states[found.sequence])
          }
          await checkIndex(copyOf(directory), mode, states, outcomes)
        }
        await checkRepair(copyOf(directory), states, outcomes)
        expect(performance.now() - started).toBeLessThan(longest)
      },
    ),
    { numRuns },
  )
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(numRuns / 10)
}, 600_000)

async function read(directory: UnreliableDirectory, mode: 'read' | 'write', warnings: Warning[]) {
  try {
    const store = await openJournalStore(directory, {
      ...{ mode, location: 'memory' },
      onWarning: (warning) => warnings.push(warning),
    })
    const content = await contentOf(store)
    await store[Symbol.asyncDispose]()
    return content
  } catch (error) {
    if (!PerStreamError.isInstance(error)) throw error
    expect(allowed).toContain(error.code)
    return error
  }
}

/** Whatever happened to the files, an index is that of the state it names, or there is none. */
async function checkIndex(
  directory: UnreliableDirectory,
  mode: 'read' | 'write',
  states: readonly Model[],
  outcomes: { indexed: number; ignored: number },
) {
  const codes: string[] = []
  try {
    const store = await openJournalStore(directory, {
      ...{ mode, location: 'memory' },
      onWarning: ({ code }) => codes.push(code),
    })
    const index = await store.readIndex()
    if (codes.includes('index-ignored')) outcomes.ignored++
    if (!index) return
    outcomes.indexed++
    expect(codes).not.toContain('index-ignored')
    expect(modelOf(index)).toEqual(states[index.sequence])
    expect(await embeddingsOf(index)).toEqual(embeddingLines(states[index.sequence]!))
  } catch (error) {
    if (!PerStreamError.isInstance(error)) throw error
    expect(allowed).toContain(error.code)
  }
}

/** Verifying never writes; what a repair leaves opens, and holds nothing that was never written. */
async function checkRepair(directory: UnreliableDirectory, states: readonly Model[], outcomes: { repaired: number }) {
  const before = new Map(directory.files)
  try {
    const report = await verifyJournal(directory)
    expect(directory.files).toEqual(before)
    const opens = !((await read(copyOf(directory), 'read', [])) instanceof PerStreamError)
    expect(report.whole).toBe(opens)
    const repair = await repairJournal(directory)
    expect(repair.repaired).toBe(report.damage.length > 0)
    if (report.whole) expect(repair).toMatchObject({ kept: [], changes: [] })
    if (!repair.repaired) return
    outcomes.repaired++
    expect(repair.after).toMatchObject({ whole: true, damage: [] })
    for (const name of repair.kept) expect(directory.files.has(name)).toBe(true)
    const content = await read(directory, 'write', [])
    if (content instanceof PerStreamError) throw content
    const written = new Set(states.flatMap((state) => Array.from(state, ([id, { text }]) => `${id} ${text}`)))
    for (const [id, { text }] of content.model) if (text !== '') expect(written).toContain(`${id} ${text}`)
  } catch (error) {
    if (!PerStreamError.isInstance(error)) throw error
    expect(['store-version', 'input-invalid']).toContain(error.code)
  }
}
