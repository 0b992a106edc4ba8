import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import { nodeAvDriver } from '@perstream/video/node-av'
import { createPerStream } from 'perstream'
import { createMeter, type Meter } from './meter'
import { modelPart } from './model-part'
import { type MeteredParts, openMeteredParts } from './parts'
import { processSeconds, threadSeconds } from './thread-clock'

/** What one run cost. CPU in seconds. */
export interface RunCost {
  readonly sourceSeconds: number
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly framesKept: number
  /** By part; undefined where the system does not count by thread. */
  readonly parts?: Readonly<Record<string, number>>
}

/** A run in a process that has just started, and runs after it. */
export interface RunCosts {
  readonly first: RunCost
  readonly later: readonly RunCost[]
  /** CPU seconds before the first run: loading code and models. */
  readonly startSeconds: number
}

const [clip, rounds] = process.argv.slice(2) as [string, string]
await readdir(tmpdir()) // Starts the threads that serve files, so that they are not taken for others.
const before = new Set(threadSeconds().keys())
const meter = createMeter('pipeline and events')
await using parts = await openMeteredParts(meter)
const modelThreads = new Set([...threadSeconds().keys()].filter((id) => !before.has(id)))
const startSeconds = processSeconds()
const first = await measure()
const later: RunCost[] = []
for (let round = 0; round < Number(rounds); round++) later.push(await measure())
process.send!({ first, later, startSeconds } satisfies RunCosts)

/** Runs once, with an empty memory. */
async function measure(): Promise<RunCost> {
  const folder = await mkdtemp(join(tmpdir(), 'perstream-bench-'))
  try {
    await using store = await openFileStore(folder, { mode: 'write' })
    await using graph = await createMemoryGraph({ store })
    return await measureOn(graph)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function measureOn(graph: Graph): Promise<RunCost> {
  const started = { cpu: processSeconds(), threads: threadSeconds(), wall: performance.now() }
  meter.reset()
  const { sourceSeconds, framesKept } = await watch(clip, parts, graph, meter)
  const wallSeconds = (performance.now() - started.wall) / 1000
  const main = meter.seconds()
  const cpuSeconds = processSeconds() - started.cpu - meter.overhead()
  const cost = { sourceSeconds, framesKept, wallSeconds, cpuSeconds }
  const threads = [...threadSeconds()].filter(([id]) => started.threads.has(id))
  if (threads.length === 0) return cost
  const spent = (of: (id: number) => boolean) =>
    sum(threads.filter(([id]) => of(id)).map(([id, seconds]) => seconds - started.threads.get(id)!))
  const models = spent((id) => modelThreads.has(id))
  const helpers = spent((id) => id !== process.pid && !modelThreads.has(id))
  return {
    ...cost,
    parts: {
      // The threads of the decoder begin and end within the run: theirs is what no thread that still lives has spent.
      'decoding and scaling': cpuSeconds - sum([...main.values()]) - models - helpers,
      ...Object.fromEntries(main),
      [`${modelPart}threads of the runtime`]: models,
      'compiling, collecting garbage and files, in threads beside': helpers,
    },
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

type Graph = Awaited<ReturnType<typeof createMemoryGraph>>

async function watch(path: string, parts: MeteredParts, graph: Graph, meter: Meter) {
  const source = await nodeAvDriver().open(path)
  const memory = meter.methods(graph, { create: 'store', retrieve: 'retrieval' })
  let framesKept = 0
  for await (const event of createPerStream({ ...parts, source, memory }))
    if (event.type === 'finished') framesKept = event.framesKept
  return { sourceSeconds: source.duration ?? 0, framesKept }
}
