import { performance } from 'node:perf_hooks'
import { createRandom } from '@perstream/kit'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore, openTensorFiles } from '@perstream/pmg/files'

/** What a process took that opened grids and read of them. */
export interface TensorReading {
  readonly openMilliseconds: number
  readonly listMilliseconds: number
  readonly listedBytes: number
  /** The mean of one `get`, most of them not cached. */
  readonly readMilliseconds: number
  /** The most the process ever held. */
  readonly residentBytes: number
}

const [graphFolder, gridFolder, count] = process.argv.slice(2) as [string, string, string]
process.send!(await read(Number(count)))

async function read(memories: number): Promise<TensorReading> {
  const random = createRandom(9)
  await using store = await openFileStore(graphFolder, { mode: 'read' })
  await using graph = await createMemoryGraph({ store })
  const opening = performance.now()
  await using grids = await openTensorFiles(gridFolder, { mode: 'read' })
  const openMilliseconds = performance.now() - opening
  const listing = performance.now()
  const list = await grids.list()
  const listMilliseconds = performance.now() - listing
  for (let i = 0; i < 20; i++) {
    const vector = Float32Array.from({ length: 384 }, () => random.gaussian())
    for (const { memory } of await graph.retrieve({ vector, space: 'random' })) {
      const number = Number(/memory (\d+)/.exec(memory.text)![1])
      for (const id of [2 * number, 2 * number + 1]) await mustRead(id)
    }
  }
  const reading = performance.now()
  for (let i = 0; i < 2000; i++) await mustRead(random.integer(0, 2 * memories - 1))
  const readMilliseconds = (performance.now() - reading) / 2000
  return {
    openMilliseconds,
    listMilliseconds,
    listedBytes: list.reduce((sum, { bytes }) => sum + bytes, 0),
    readMilliseconds,
    residentBytes: process.resourceUsage().maxRSS * 1024,
  }

  async function mustRead(id: number): Promise<void> {
    const grid = await grids.get(`grid-${id}`)
    if (grid?.data.length !== 8 * 8 * 3584) throw new Error(`grid-${id} is not there`)
  }
}
