import { createReadStream, existsSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import { dimensions, type PeerRow } from './peer-data'

/** A store under comparison, open. */
export interface PeerStore {
  insert(rows: readonly PeerRow[]): Promise<void>
  /** Ids of the nearest rows, best first. */
  search(vector: Float32Array, limit: number): Promise<number[]>
  close(): Promise<void>
}

/** How a store is opened in a folder: what is there is found again. `modules` is where the peers are installed. */
export type OpenPeer = (folder: string, modules: string) => Promise<PeerStore>

/** The contestants, by what they are called. */
export const peerStores: Readonly<Record<string, OpenPeer>> = {
  '@perstream/pmg': openOurs,
  'array of embeddings': openArray,
  'mem0ai, in memory': openMem0,
  usearch: openUsearch,
  'better-sqlite3': openBetterSqlite,
  'node:sqlite': openNodeSqlite,
  LanceDB: openLance,
}

async function openOurs(folder: string): Promise<PeerStore> {
  const store = await openFileStore(folder, { mode: 'write' })
  const graph = await createMemoryGraph({ store })
  return {
    async insert(rows) {
      await graph.create(
        rows.map(({ text, vector }) => ({
          text,
          category: 'notes',
          origin: 'told' as const,
          embedding: vector,
          space: 'peers',
        })),
      )
    },
    async search(vector, limit) {
      const found = await graph.retrieve({ vector, limit, touch: false })
      return found.map(({ memory }) => Number(/\d+/.exec(memory.text)![0]))
    },
    async close() {
      await graph[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

/** What people write themselves first: an array, a loop, a file of JSON; in lines, as one text of 100,000 would be too long for a string. */
async function openArray(folder: string): Promise<PeerStore> {
  const path = join(folder, 'memories.jsonl')
  const rows: StoredRow[] = []
  if (existsSync(path))
    for await (const line of createInterface(createReadStream(path))) rows.push(JSON.parse(line) as StoredRow)
  return {
    async insert(more) {
      const added = more.map(({ id, text, vector }) => ({ id, text, vector: Array.from(vector) }))
      rows.push(...added)
      await appendFile(path, added.map((row) => `${JSON.stringify(row)}\n`).join(''))
    },
    async search(vector, limit) {
      const scores = rows.map(({ id, vector: other }) => ({ id, score: dot(vector, other) }))
      return nearest(scores, limit)
    },
    async close() {},
  }
}

interface StoredRow {
  readonly id: number
  readonly text: string
  readonly vector: readonly number[]
}

async function openMem0(folder: string, modules: string): Promise<PeerStore> {
  const { MemoryVectorStore } = load<{ MemoryVectorStore: new (config: object) => Mem0Store }>(
    modules,
    'sqlite',
    'mem0ai/oss',
  )
  const store = new MemoryVectorStore({
    collectionName: 'memories',
    dimension: dimensions,
    dbPath: join(folder, 'mem0.db'),
  })
  return {
    insert: (rows) =>
      store.insert(
        rows.map(({ vector }) => Array.from(vector)),
        rows.map(({ id }) => String(id)),
        rows.map(({ text }) => ({ data: text })),
      ),
    async search(vector, limit) {
      return (await store.search(Array.from(vector), limit, {})).map(({ id }) => Number(id))
    },
    async close() {},
  }
}

interface Mem0Store {
  insert(vectors: number[][], ids: string[], payloads: object[]): Promise<void>
  search(vector: number[], limit: number, filters: object): Promise<{ id: string }[]>
}

async function openUsearch(folder: string, modules: string): Promise<PeerStore> {
  const { Index } = load<{ Index: new (config: object) => UsearchIndex }>(modules, 'usearch', 'usearch')
  const path = join(folder, 'vectors.usearch')
  const index = new Index({ metric: 'cos', dimensions, connectivity: 16, quantization: 'f32' })
  if (existsSync(path)) index.load(path)
  return {
    async insert(rows) {
      const vectors = new Float32Array(rows.length * dimensions)
      for (const [i, { vector }] of rows.entries()) vectors.set(vector, i * dimensions)
      index.add(
        BigUint64Array.from(rows, ({ id }) => BigInt(id)),
        vectors,
      )
    },
    search: async (vector, limit) => Array.from(index.search(vector, limit, 0).keys, Number),
    close: async () => index.save(path),
  }
}

interface UsearchIndex {
  add(keys: BigUint64Array, vectors: Float32Array): void
  search(vector: Float32Array, limit: number, threads: number): { keys: BigUint64Array }
  load(path: string): void
  save(path: string): void
}

async function openBetterSqlite(folder: string, modules: string): Promise<PeerStore> {
  const Database = load<new (path: string) => SqliteDatabase>(modules, 'sqlite', 'better-sqlite3')
  return sqliteStore(new Database(join(folder, 'memories.db')))
}

async function openNodeSqlite(folder: string): Promise<PeerStore> {
  const name = 'node:sqlite'
  const { DatabaseSync } = (await import(name)) as { DatabaseSync: new (path: string) => SqliteDatabase }
  return sqliteStore(new DatabaseSync(join(folder, 'memories.db')))
}

interface SqliteDatabase {
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  close(): void
}

interface SqliteStatement {
  run(...values: unknown[]): unknown
  iterate(): Iterable<unknown>
}

function sqliteStore(database: SqliteDatabase): PeerStore {
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  database.exec('create table if not exists memories (id integer primary key, text text, vector blob)')
  const put = database.prepare('insert into memories values (?, ?, ?)')
  const all = database.prepare('select id, vector from memories')
  return {
    async insert(rows) {
      database.exec('begin')
      for (const { id, text, vector } of rows)
        put.run(id, text, new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength))
      database.exec('commit')
    },
    async search(vector, limit) {
      const scores: Scored[] = []
      for (const { id, vector: bytes } of all.iterate() as Iterable<{ id: number; vector: Uint8Array }>)
        scores.push({ id, score: dot(vector, floatsOf(bytes)) })
      return nearest(scores, limit)
    },
    close: async () => database.close(),
  }
}

async function openLance(folder: string, modules: string): Promise<PeerStore> {
  const lance = load<{ connect(path: string): Promise<LanceDatabase> }>(modules, 'lancedb', '@lancedb/lancedb')
  const database = await lance.connect(folder)
  let table = (await database.tableNames()).includes('memories') ? await database.openTable('memories') : undefined
  return {
    async insert(rows) {
      const values = rows.map(({ id, text, vector }) => ({ id, text, vector: Array.from(vector) }))
      if (table) await table.add(values)
      else table = await database.createTable('memories', values)
    },
    async search(vector, limit) {
      const found = await table!
        .vectorSearch(Array.from(vector))
        .distanceType('cosine')
        .select(['id', '_distance'])
        .limit(limit)
        .toArray()
      return found.map(({ id }) => Number(id))
    },
    close: async () => database.close(),
  }
}

interface LanceDatabase {
  tableNames(): Promise<string[]>
  openTable(name: string): Promise<LanceTable>
  createTable(name: string, rows: object[]): Promise<LanceTable>
  close(): void
}

interface LanceTable {
  add(rows: object[]): Promise<unknown>
  vectorSearch(vector: number[]): LanceQuery
}

interface LanceQuery {
  distanceType(type: string): LanceQuery
  select(columns: string[]): LanceQuery
  limit(count: number): LanceQuery
  toArray(): Promise<{ id: number }[]>
}

function load<Module>(modules: string, group: string, name: string): Module {
  return createRequire(join(modules, group, 'package.json'))(name) as Module
}

interface Scored {
  readonly id: number
  readonly score: number
}

function nearest(scores: Scored[], limit: number): number[] {
  return scores
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ id }) => id)
}

/** As people write it. */
function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function floatsOf(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)
}
