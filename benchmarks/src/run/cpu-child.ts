import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import { nodeAvDriver } from '@perstream/video/node-av'
import { createPerStream } from 'perstream'
import { createMeter, type Meter } from './meter'
import { type MeteredParts, modelPart, openMeteredParts } from './parts'
import { processSeconds, threadSeconds } from './thread-clock'

/** What one run cost. CPU in seconds. */
export interface RunCost {
  readonly sourceSeconds: number
  readonly wallSeconds: number
  readonly cpuSeconds: number
  /** Before the run: loading code and models. */
  readonly startSeconds: number
  readonly framesKept: number
  /** By part; undefined where the system does not count by thread. */
  readonly parts?: Readonly<Record<string, number>>
}

const clip = process.argv[2]!
const folder = await mkdtemp(join(tmpdir(), 'perstream-bench-'))
try {
  process.send!(await measure(clip, folder))
} finally {
  await rm(folder, { recursive: true })
}

async function measure(path: string, directory: string): Promise<RunCost> {
  await readdir(directory) // Starts the threads that serve files, so that they are not taken for others.
  const meter = createMeter('pipeline and events')
  const before = new Set(threadSeconds().keys())
  await using parts = await openMeteredParts(meter)
  const modelThreads = [...threadSeconds().keys()].filter((id) => !before.has(id))
  await using store = await openFileStore(directory, { mode: 'write' })
  await using graph = await createMemoryGraph({ store })
  const started = { cpu: processSeconds(), threads: threadSeconds(), wall: performance.now() }
  meter.reset()
  const { sourceSeconds, framesKept } = await watch(path, parts, graph, meter)
  const wallSeconds = (performance.now() - started.wall) / 1000
  const main = meter.seconds()
  const cpuSeconds = processSeconds() - started.cpu - meter.overhead()
  const threads = threadSeconds()
  const own = (id: number) => threads.get(id)! - started.threads.get(id)!
  const cost = { sourceSeconds, framesKept, wallSeconds, cpuSeconds, startSeconds: started.cpu }
  if (threads.size === 0) return cost
  const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)
  const models = sum(modelThreads.filter((id) => threads.has(id)).map(own))
  const helpers = sum(
    [...threads.keys()]
      .filter((id) => id !== process.pid && started.threads.has(id) && !modelThreads.includes(id))
      .map(own),
  )
  return {
    ...cost,
    parts: {
      // The threads of the decoder begin and end within the run: theirs is what no thread that still lives has spent.
      'decoding and scaling': cpuSeconds - sum(main.values()) - models - helpers,
      ...Object.fromEntries(main),
      [`${modelPart}threads of the runtime`]: models,
      'garbage collection and files, in threads beside': helpers,
    },
  }
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
