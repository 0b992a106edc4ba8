import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCenterNet, createLiteCaptioner, createPpOcrReader } from '@perstream/lite'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import { nodeAvDriver } from '@perstream/video/node-av'
import { createLitePreset, createPerStream } from 'perstream'

/** What one run held. Bytes. */
export interface RunMemory {
  readonly sourceSeconds: number
  /** The most that the process held in the second half of the source, each time after the garbage was collected. */
  readonly residentBytes: number
  /** What the graph counts as its own in the end. */
  readonly graphBytes: number
}

const [clip, rate] = process.argv.slice(2) as [string, string]
const folder = await mkdtemp(join(tmpdir(), 'perstream-bench-'))
try {
  process.send!(await measure(clip, Number(rate), folder))
} finally {
  await rm(folder, { recursive: true })
}

/** Runs at a low rate, and looks with the models seldom: what is held must not depend on how much was looked at. */
async function measure(path: string, fps: number, directory: string): Promise<RunMemory> {
  await using preset = await createLitePreset()
  await using reader = await createPpOcrReader()
  await using detector = await createCenterNet()
  const caption = createLiteCaptioner({ reader, detector, maxReadRate: fps / 4, maxDetectRate: fps / 4 })
  await using store = await openFileStore(directory, { mode: 'write' })
  await using graph = await createMemoryGraph({ store })
  const source = await nodeAvDriver().open(path, { rate: fps })
  const sourceSeconds = source.duration ?? 0
  let residentBytes = 0
  for await (const event of createPerStream({ ...preset, caption, source, memory: graph }))
    if (event.type === 'progress' && event.seconds > sourceSeconds / 2) {
      globalThis.gc!()
      residentBytes = Math.max(residentBytes, process.memoryUsage.rss())
    }
  const { textBytes, vectorBytes } = graph.stats()
  return { sourceSeconds, residentBytes, graphBytes: textBytes + vectorBytes }
}
