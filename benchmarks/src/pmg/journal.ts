import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { inflateRawSync } from 'node:zlib'
import { createRandom } from '@perstream/kit'
import { type FileMemoryStore, openFileStore } from '@perstream/pmg/files'
import type { MemoryBatch, MemoryOperation } from '@perstream/spec'
import { type Figure, median } from '../harness'
import type { PartOptions, PartReport } from './part'

const dimensions = 384
const perBatch = 256
/** What the goals are said for. */
const goalSize = 100_000
const largest = 100_000
const deletions = 15

/** Measures the file store: writing with fdatasync, replaying a journal, loading from parts, erasing; each against its floor. */
export async function benchJournal({ rounds, sizes }: PartOptions): Promise<PartReport> {
  const figures: Figure[] = []
  for (const size of sizes.filter((each) => each <= largest)) {
    console.error(`journal: ${size} memories`)
    figures.push(...(await benchSize(size, rounds)))
  }
  return {
    figures,
    notes: [
      `journal: a memory has nine words, one piece of evidence, one triplet and ${dimensions} f32 values; ${perBatch} a batch, each batch written and synced (fdatasync) before the next, unless several are in flight; "small" ones have no values; the journal is merged into parts on the way, as usual`,
      'journal, floors: the same bytes written and synced in as many pieces; the files read and the JSON in them inflated and parsed, nothing else',
      `journal: sizes up to ${largest}`,
    ],
  }
}

async function benchSize(size: number, rounds: number): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-journal-'))
  try {
    const list = batches(size, false)
    const small = await writeSpeed(join(folder, 'small'), list, { rounds })
    const together = await writeSpeed(join(folder, 'together'), list, { rounds, inFlight: 8 })
    const large = batches(size, true)
    const journal = join(folder, 'journal')
    await writeSpeed(journal, large, { rounds: 1, compactAfterBytes: Number.POSITIVE_INFINITY })
    const parts = join(folder, 'parts')
    const written = await writeSpeed(parts, [...large, lastDeletion(large)], { rounds: 1 })
    const replay = await loadSpeed(journal, rounds)
    const load = await loadSpeed(parts, rounds)
    const floor = await readFloor(parts, rounds)
    return [
      rate(`${size}: small memories written`, size / small.seconds, size === goalSize ? 40_000 : undefined),
      ratioFigure(`${size}: writing small memories`, small.seconds / small.floor, 'the bytes alone, synced as often'),
      rate(`${size}: the same, eight batches in flight`, size / together.seconds),
      rate(`${size}: memories with vectors written`, size / written.seconds),
      spent(`${size}: replay of the journal`, replay),
      spent(`${size}: load of the parts`, load),
      ratioFigure(
        `${size}: load of the parts`,
        load / floor,
        'reading the files, inflating and parsing their JSON alone',
      ),
      ...(await eraseFigures(parts, size)),
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface WriteOptions {
  readonly rounds: number
  readonly compactAfterBytes?: number
  /** Batches that wait at a time. */
  readonly inFlight?: number
}

/** The best of the rounds and of the floors: a disk has moods. */
async function writeSpeed(
  folder: string,
  list: readonly MemoryBatch[],
  { rounds, compactAfterBytes, inFlight = 1 }: WriteOptions,
) {
  const seconds: number[] = []
  const floors: number[] = []
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    await rm(folder, { recursive: true, force: true })
    const store = await openFileStore(folder, { mode: 'write', compactAfterBytes })
    const start = performance.now()
    for (let i = 0; i < list.length; i += inFlight)
      await Promise.all(list.slice(i, i + inFlight).map((batch) => store.commit(batch)))
    seconds.push((performance.now() - start) / 1000)
    await store[Symbol.asyncDispose]()
    floors.push(await writeFloor(folder, list.length))
  }
  return { seconds: Math.min(...seconds), floor: Math.min(...floors) }
}

async function writeFloor(folder: string, pieces: number): Promise<number> {
  const bytes = await folderBytes(folder)
  const piece = new Uint8Array(Math.ceil(bytes / pieces)).fill(7)
  const path = join(folder, '..', 'floor')
  const file = await open(path, 'w')
  const start = performance.now()
  for (let i = 0; i < pieces; i++) {
    await file.write(piece)
    await file.datasync()
  }
  const seconds = (performance.now() - start) / 1000
  await file.close()
  await rm(path)
  return seconds
}

async function loadSpeed(folder: string, rounds: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now()
    const store = await openFileStore(folder, { mode: 'read' })
    let count = 0
    for await (const { operations } of store.load()) count += operations.length
    times.push(performance.now() - start)
    await store[Symbol.asyncDispose]()
    if (count === 0) throw new Error(`${folder} holds nothing`)
  }
  return median(times.slice(1))
}

/** Finds the JSON of each record as docs/format.md says, inflates it where it is deflated, and parses it. */
async function readFloor(folder: string, rounds: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now()
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.pmg')) continue
      const bytes = await readFile(join(folder, name))
      for (let at = 0; at < bytes.length; at += 48 + bytes.readUInt32LE(at + 4)) {
        const from = at + 48 + bytes.readUInt32LE(at + 40) * 8
        const length = bytes.readUInt32LE(at + 44)
        const json = bytes.subarray(from, from + (length & 0x7fffffff))
        JSON.parse((length > 0x7fffffff ? inflateRawSync(json.subarray(4)) : json).toString())
      }
    }
    times.push(performance.now() - start)
  }
  return median(times.slice(1))
}

async function eraseFigures(folder: string, size: number): Promise<Figure[]> {
  const store = await openFileStore(folder, { mode: 'write' })
  try {
    const ids: string[] = []
    let sequence = 0
    for await (const batch of store.load()) {
      sequence = batch.sequence
      for (const operation of batch.operations) if (operation.type === 'memory-put') ids.push(operation.memory.id)
    }
    const random = createRandom(7)
    const drop = async (count: number) => {
      const picked = Array.from({ length: count }, () => ids.splice(random.integer(0, ids.length - 1), 1)[0]!)
      await store.commit(deletion(++sequence, picked))
    }
    await drop(1)
    const one = await timesOf(() => drop(1))
    const together = await timesOf(() => Promise.all(deletionsOf(store, ids, sequence).map((run) => run())), 1)
    return [
      spent(`${size}: a deletion, erased from the files`, median(one)),
      spent(`${size}: ${deletions} deletions that wait together, erased`, together[0]!),
    ]
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

function deletionsOf(store: FileMemoryStore, ids: readonly string[], sequence: number) {
  return ids.slice(0, deletions).map((id, i) => () => store.commit(deletion(sequence + 1 + i, [id])))
}

async function timesOf(run: () => Promise<unknown>, count = deletions): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return times
}

function deletion(sequence: number, ids: readonly string[]): MemoryBatch {
  return { sequence, at: sequence, operations: ids.map((id) => ({ type: 'memory-delete', id })) }
}

function lastDeletion(list: readonly MemoryBatch[]): MemoryBatch {
  return deletion(list.length + 1, ['none'])
}

function batches(size: number, hasVectors: boolean): MemoryBatch[] {
  const random = createRandom(5)
  const list: MemoryBatch[] = []
  for (let first = 0; first < size; first += perBatch) {
    const operations = Array.from({ length: Math.min(perBatch, size - first) }, (_, i) =>
      put(first + i, random, hasVectors),
    )
    list.push({ sequence: list.length + 1, at: 1_760_000_000_000, operations })
  }
  return list
}

const words =
  'red green keys kitchen table went bought milk phone charger sofa Anna Tom bus ticket station platform coffee cup'.split(
    ' ',
  )

function put(i: number, random: ReturnType<typeof createRandom>, hasVectors: boolean): MemoryOperation {
  const text = Array.from({ length: 9 }, () => random.pick(words)).join(' ')
  const vector = () => Float32Array.from({ length: dimensions }, () => random.next() - 0.5)
  return {
    type: 'memory-put',
    memory: {
      ...{ id: crypto.randomUUID(), text, category: 'notes', origin: 'read', owner: 'me', confidence: 1 },
      evidence: [{ source: `clip-${i % 50}.mp4`, startSeconds: i, endSeconds: i + 2.5, frames: [i * 30, i * 30 + 15] }],
      triplets: [{ subject: 'I', predicate: 'saw', object: `the ${random.pick(words)}` }],
      ...{ space: hasVectors ? 'bench' : undefined, validFrom: undefined, validTo: undefined, track: undefined },
      ...{ learnedAt: 1_760_000_000_000 + i, updatedAt: 1_760_000_000_000 + i },
    },
    ...(hasVectors && { embedding: vector() }),
    relations: [crypto.randomUUID()],
  }
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await readFile(join(folder, name))).length
  return bytes
}

function rate(name: string, value: number, goal?: number): Figure {
  return { name: `journal, ${name}`, value, unit: '/s', better: 'higher', ...(goal !== undefined && { goal }) }
}

function spent(name: string, value: number): Figure {
  return { name: `journal, ${name}`, value, unit: 'ms', better: 'lower' }
}

function ratioFigure(name: string, value: number, peer: string): Figure {
  return { name: `journal, ${name}`, value, unit: 'x', better: 'lower', peer }
}
