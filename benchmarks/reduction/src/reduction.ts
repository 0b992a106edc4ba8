import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { helpIfAsked } from '@perstream-benchmarks/suite/harness'
import { readOptions, usage } from './options'
import { Progress } from './progress'
import { markdownOf } from './report/markdown'
import { plotsOf } from './report/plots'
import { runBench } from './run-bench'

helpIfAsked(usage)

const root = fileURLToPath(new URL('../../..', import.meta.url))
const shared = process.env.PERSTREAM_SHARED ?? `${root}../shared`
const ending = new AbortController()
process.once('SIGINT', () => ending.abort(new Error('stopped by Ctrl-C: nothing was written')))

try {
  const options = readOptions(process.argv.slice(2))
  using progress = new Progress()
  const result = await runBench(options, { shared, progress, signal: ending.signal })
  const folder = options.out ?? join(root, 'benchmarks/results')
  await mkdir(folder, { recursive: true })
  const markdown = `${markdownOf(result)}\n`
  await writeFile(join(folder, 'reduction.json'), `${JSON.stringify(result, null, 1)}\n`)
  await writeFile(join(folder, 'reduction.md'), markdown)
  for (const [name, svg] of await plotsOf(result)) await writeFile(join(folder, `reduction-${name}`), svg)
  console.log(options.isJson ? JSON.stringify(result) : markdown)
} catch (error) {
  // What was asked for is wrong, or it was stopped: a line says so. Anything else is a fault.
  if (!ending.signal.aborted && !(error instanceof TypeError)) throw error
  console.error((error as Error).message)
  process.exitCode = ending.signal.aborted ? 130 : 2
}
