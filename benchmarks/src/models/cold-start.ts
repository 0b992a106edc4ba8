import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Figure, median } from '../harness'
import type { ModelBenchOptions, PartReport } from './part'

/** Milliseconds of each step from the start of a process to a first answer. */
export type ColdStart = Readonly<Record<'process' | 'code' | 'sessions' | 'tokenizer' | 'first token', number>>

/** A first answer after a cold start, by part. */
export async function measureColdStart({ models, rounds }: ModelBenchOptions): Promise<PartReport> {
  const child = fileURLToPath(new URL('./cold-start-child.ts', import.meta.url))
  const runs: ColdStart[] = []
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      child,
      models,
      String(Date.now()),
    ])
    runs.push(JSON.parse(stdout) as ColdStart)
  }
  const figures = (Object.keys(runs[0]!) as (keyof ColdStart)[]).map(
    (part): Figure => ({
      name: `cold start, ${part}`,
      value: median(runs.map((run) => run[part])),
      unit: 'ms',
      better: 'lower',
    }),
  )
  const total = median(runs.map((run) => Object.values(run).reduce((sum, value) => sum + value, 0)))
  return { figures: [...figures, { name: 'cold start, first token after', value: total, unit: 'ms', better: 'lower' }] }
}
