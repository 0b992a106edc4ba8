import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dot } from '@perstream/kit'
import { type Figure, median } from '../harness'
import type { PartOptions, PartReport } from './part'
import { peerQueries, peerRows } from './peer-data'
import { installPeers, peerVersions } from './peer-install'
import { type PeerResult, peerPlot } from './peer-plot'
import { type PeerProcess, startPeer } from './peer-process'
import { peerStores } from './peer-stores'
import type { PeerReply } from './peers-child'
import { timesPerTurn } from './race'

const limit = 5
const queryCount = 32
/** The sizes it is fair to hold everyone to: some take seconds a search beyond. */
const sizesOfInterest = [10_000, 100_000]

/** Compares the graph with what people pick today, on the same rows, searches in turn. */
export async function benchPeers({ sizes, rounds }: PartOptions): Promise<PartReport> {
  const { modules, problems } = await installPeers()
  const figures: Figure[] = []
  const notes = [...generalNotes, ...problems]
  const wanted = sizes.filter((size) => sizesOfInterest.includes(size))
  for (const size of wanted.length > 0 ? wanted : sizes.slice(0, 1)) {
    const folder = await mkdtemp(join(tmpdir(), 'perstream-bench-peers-'))
    try {
      const { results, missing } = await compare(size, rounds, folder, modules)
      figures.push(...figuresOf(size, results))
      notes.push(...missing, tableOf(size, results), `plot of ${size} rows: ${await writePlot(size, results)}`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  return { figures, notes }
}

const generalNotes = [
  'peers: rows of 384 values around 400 topics, each with a text of some 80 characters; inserted 1,000 at a time, each batch made durable where the store can; every contestant in a process of its own, searches in turn',
  'peers: ours also resolves entities, looks for repeats and keeps a journal while it inserts; usearch keeps no texts, and is the only one that approximates (HNSW, connectivity 16); LanceDB searches flat, without an index',
]

/** What one turn of searches gave; the first was by query `from`. */
interface Turn extends PeerReply {
  readonly from: number
}

interface Contestant {
  readonly name: string
  readonly process: PeerProcess
  readonly times: number
  readonly rowsPerSecond: number
  readonly openMilliseconds: number
  readonly bytes: number
}

async function compare(
  size: number,
  rounds: number,
  folder: string,
  modules: string,
): Promise<{ results: PeerResult[]; missing: string[] }> {
  const missing: string[] = []
  const contestants: Contestant[] = []
  for (const name of Object.keys(peerStores)) {
    console.error(`peers: ${size} rows, ${name}`)
    try {
      contestants.push(await enter(name, size, join(folder, String(contestants.length)), modules))
    } catch (error) {
      missing.push(`${name} is missing: ${error instanceof Error ? error.message : error}`)
    }
  }
  const truth = exact(size)
  const turns = contestants.map((): Turn[] => [])
  for (let round = 0; round <= rounds; round++)
    for (const [i, { process, times }] of contestants.entries()) {
      const from = round * times
      turns[i]!.push({ from, ...(await process.call({ call: 'search', from, times })) })
    }
  const results: PeerResult[] = []
  for (const [i, { name, process, times: _, ...measured }] of contestants.entries()) {
    await process.end()
    // The first round warms up.
    const milliseconds = median(turns[i]!.slice(1).map((turn) => turn.milliseconds))
    results.push({ name: versioned(name), ...measured, milliseconds, recall: recallOf(turns[i]!, truth) })
  }
  return { results, missing }
}

/** Fills a store in one process, and opens it in another. */
async function enter(name: string, size: number, folder: string, modules: string): Promise<Contestant> {
  await mkdir(folder, { recursive: true })
  const filling = await startPeer(name, folder, modules, queryCount)
  const { milliseconds: filled } = await filling.call({ call: 'fill', rows: size })
  await filling.end()
  const process = await startPeer(name, folder, modules, queryCount)
  const { milliseconds: openMilliseconds } = await process.call({ call: 'open' })
  const { milliseconds: once } = await process.call({ call: 'search', from: 0, times: 1 })
  return {
    name,
    process,
    times: timesPerTurn(once),
    rowsPerSecond: size / (filled / 1000),
    openMilliseconds,
    bytes: await bytesIn(folder),
  }
}

/** The best rows of each query, by double precision. */
function exact(size: number): number[][] {
  const queries = peerQueries(queryCount)
  const best = queries.map((): { id: number; score: number }[] => [])
  for (const { id, vector } of peerRows(size))
    for (const [i, query] of queries.entries()) {
      const score = dot(query, vector)
      const kept = best[i]!
      if (kept.length === limit && score <= kept.at(-1)!.score) continue
      kept.push({ id, score })
      kept.sort((a, b) => b.score - a.score)
      kept.length = Math.min(kept.length, limit)
    }
  return best.map((kept) => kept.map(({ id }) => id))
}

/** Over all the searches of a contestant; a slow one made fewer. */
function recallOf(turns: readonly Turn[], truth: readonly (readonly number[])[]): number {
  const searches = turns.flatMap(({ from, found }) =>
    found.map((ids, i) => ({ ids, best: truth[(from + i) % truth.length]! })),
  )
  const hits = searches.flatMap(({ ids, best }) => best.filter((id) => ids.includes(id)))
  return hits.length / (searches.length * limit)
}

async function bytesIn(folder: string): Promise<number> {
  let sum = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) sum += (await stat(join(entry.parentPath ?? entry.path, entry.name))).size
  return sum
}

function versioned(name: string): string {
  const version = peerVersions[name]
  return version ? `${name} ${version}` : name
}

function figuresOf(size: number, results: readonly PeerResult[]): Figure[] {
  const [ours, ...others] = results
  if (!ours) return []
  return [
    { name: `${size} rows: recall@5`, value: ours.recall, unit: '', better: 'higher', goal: 1 },
    ...others.flatMap(({ name, milliseconds, rowsPerSecond }): Figure[] => [
      { name: `${size} rows: top 5`, value: ours.milliseconds / milliseconds, unit: 'x', better: 'lower', peer: name },
      {
        name: `${size} rows: insert rate`,
        value: ours.rowsPerSecond / rowsPerSecond,
        unit: 'x',
        better: 'higher',
        peer: name,
      },
    ]),
  ]
}

function tableOf(size: number, results: readonly PeerResult[]): string {
  const header = [`${size} rows`, 'insert, rows/s', 'top 5, ms', 'recall@5', 'open, ms', 'disk, MB']
  const rows = results.map(({ name, rowsPerSecond, milliseconds, recall, openMilliseconds, bytes }) => [
    name,
    rowsPerSecond.toFixed(0),
    milliseconds.toPrecision(3),
    recall.toFixed(3),
    openMilliseconds.toFixed(0),
    (bytes / 1e6).toFixed(1),
  ])
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]!.length)))
  return [
    'peers',
    ...[header, ...rows].map((cells) =>
      cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    ),
  ].join('\n')
}

async function writePlot(size: number, results: readonly PeerResult[]): Promise<string> {
  const folder = fileURLToPath(new URL('../../results/', import.meta.url))
  await mkdir(folder, { recursive: true })
  const path = join(folder, `pmg-peers-${size}.svg`)
  await writeFile(path, peerPlot(`${size} memories of 384 values, in one run`, results))
  return path
}
