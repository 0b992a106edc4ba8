import { performance } from 'node:perf_hooks'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import { questionsOf } from './sentence-memories'

/** What a process took that opened a graph and asked it something. */
export interface Opening {
  readonly openSeconds: number
  readonly firstSeconds: number
  readonly residentBytes: number
}

const [folder, size] = process.argv.slice(2) as [string, string]
const [question] = questionsOf(Number(size), 1)
const start = performance.now()
await using store = await openFileStore(folder, { mode: 'read' })
await using graph = await createMemoryGraph({ store })
const opened = performance.now()
await graph.retrieve({ ...question!, space: 's' })
const answered = performance.now()
process.send!({
  openSeconds: (opened - start) / 1000,
  firstSeconds: (answered - opened) / 1000,
  residentBytes: process.memoryUsage.rss(),
} satisfies Opening)
