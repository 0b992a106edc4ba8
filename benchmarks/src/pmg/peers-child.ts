import { performance } from 'node:perf_hooks'
import { type PeerRow, peerQueries, peerRows } from './peer-data'
import { type PeerStore, peerStores } from './peer-stores'

/** What the parent asks: to fill a store, or to open it and then search by queries one after the other. */
export type PeerCall =
  | { readonly call: 'fill'; readonly rows: number }
  | { readonly call: 'open' }
  | { readonly call: 'search'; readonly from: number; readonly times: number }

/** What is answered: the milliseconds it took, and what was found. */
export interface PeerReply {
  readonly milliseconds: number
  readonly found: readonly number[][]
}

const batchSize = 1000
const limit = 5
const [name, folder, modules, queryCount] = process.argv.slice(2) as [string, string, string, string]
const queries = peerQueries(Number(queryCount))
let store: PeerStore | undefined

process.on('message', async (message: PeerCall | 'end') => {
  if (message === 'end') process.exit(0)
  process.send!(
    message.call === 'fill' ? await fill(message.rows) : message.call === 'open' ? await open() : await search(message),
  )
})
process.send!('ready')

async function fill(count: number): Promise<PeerReply> {
  let milliseconds = 0
  const timed = async <Result>(work: Promise<Result>) => {
    const start = performance.now()
    const result = await work
    milliseconds += performance.now() - start
    return result
  }
  const filled = await timed(peerStores[name]!(folder, modules))
  let batch: PeerRow[] = []
  for (const row of peerRows(count)) {
    batch.push(row)
    if (batch.length < batchSize && row.id < count - 1) continue
    const start = performance.now()
    await filled.insert(batch)
    milliseconds += performance.now() - start
    batch = []
  }
  await timed(filled.close())
  return { milliseconds, found: [] }
}

/** Until the first answer. */
async function open(): Promise<PeerReply> {
  const start = performance.now()
  store = await peerStores[name]!(folder, modules)
  const found = [await store.search(queries[0]!, limit)]
  return { milliseconds: performance.now() - start, found }
}

async function search({ from, times }: { from: number; times: number }): Promise<PeerReply> {
  const found: number[][] = []
  const start = performance.now()
  for (let i = 0; i < times; i++) found.push(await store!.search(queries[(from + i) % queries.length]!, limit))
  return { milliseconds: (performance.now() - start) / times, found }
}
