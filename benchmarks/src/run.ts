import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { findDemoClip } from './demo-clip'
import { type Figure, helpIfAsked, median, printReport } from './harness'
import { runChild } from './run/child'
import type { RunCost } from './run/cpu-child'
import type { RunMemory } from './run/memory-child'

helpIfAsked(`bench:run. The whole pipeline on the demo clip: speed, CPU by part, memory.

  npm run bench:run -- [--clip FILE] [--rounds N] [--no-memory] [--json]

  --clip FILE   another video (the demo clip of seed 1, rendered when it is not there)
  --rounds N    runs; figures are medians (3)
  --no-memory   leave out the 10-minute file
  --json        one JSON object`)

const { values: options } = parseArgs({
  options: {
    clip: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    'no-memory': { type: 'boolean' },
    json: { type: 'boolean' },
  },
})

async function main(): Promise<void> {
  const clip = options.clip ?? (await findDemoClip(1))
  const rounds = Number(options.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError(`--rounds is ${options.rounds}: give 1 or more`)
  const costs: RunCost[] = []
  for (let round = 0; round < rounds; round++) costs.push(await runChild<RunCost>('./cpu-child.ts', [clip]))
  const notes = [
    `medians of ${rounds} runs of ${clip}; the memory lies in files; loading code and models is not part of a run`,
  ]
  const figures = [...costFigures(costs), ...partFigures(costs, notes)]
  if (!options['no-memory']) figures.push(...(await memoryFigures(clip, notes)))
  printReport({ bench: 'run', figures, notes })
}

function costFigures(costs: readonly RunCost[]): Figure[] {
  const of = (value: (cost: RunCost) => number) => median(costs.map(value))
  return [
    {
      name: 'speed against real time',
      value: of(({ sourceSeconds, wallSeconds }) => sourceSeconds / wallSeconds),
      unit: 'x',
      goal: 2,
      better: 'higher',
      peer: 'the length of the clip',
    },
    {
      name: 'speed of one core that has nothing else to do',
      value: of(({ sourceSeconds, cpuSeconds }) => sourceSeconds / cpuSeconds),
      unit: 'x',
      better: 'higher',
      peer: 'the length of the clip',
    },
    { name: 'CPU of the run', value: of(({ cpuSeconds }) => cpuSeconds), unit: 's', better: 'lower' },
    {
      name: 'CPU before the run, loading code and models',
      value: of(({ startSeconds }) => startSeconds),
      unit: 's',
      better: 'lower',
    },
  ]
}

function partFigures(costs: readonly RunCost[], notes: string[]): Figure[] {
  const counted = costs.filter(({ parts }) => parts !== undefined)
  if (counted.length === 0) {
    notes.push('CPU by part was not measured: this system does not count CPU by thread (Linux does)')
    return []
  }
  const share = (name: (part: string) => boolean) =>
    median(
      counted.map(({ parts, cpuSeconds }) => {
        const own = Object.entries(parts!).filter(([part]) => name(part))
        return (100 * own.reduce((sum, [, seconds]) => sum + seconds, 0)) / cpuSeconds
      }),
    )
  const rest = (part: string) => part !== 'decoding and scaling' && !part.startsWith('model calls')
  const names = [...new Set(counted.flatMap(({ parts }) => Object.keys(parts!)))]
  const parts = names.map(
    (name): Figure => ({ name: `CPU, ${name}`, value: share((part) => part === name), unit: '%', better: 'lower' }),
  )
  const total: Figure = {
    name: 'CPU outside decoding and model calls',
    value: share(rest),
    unit: '%',
    goal: 5,
    better: 'lower',
  }
  return [total, ...parts.sort((a, b) => b.value - a.value)]
}

const megabyte = 2 ** 20

/** Compares what a process holds in a file of ten minutes and in one of one. */
async function memoryFigures(clip: string, notes: string[]): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'perstream-bench-'))
  try {
    const [short, long] = [join(folder, 'short.mp4'), join(folder, 'long.mp4')]
    await loop(clip, 60, short)
    await loop(clip, 600, long)
    const one = await runChild<RunMemory>('./memory-child.ts', [short, '1'])
    const ten = await runChild<RunMemory>('./memory-child.ts', [long, '1'])
    const resident = (ten.residentBytes - one.residentBytes) / megabyte
    const graph = (ten.graphBytes - one.graphBytes) / megabyte
    notes.push('memory: the clip looped to 1 and 10 minutes, looked at once a second and read every 4 seconds')
    return [
      {
        name: 'memory: growth from 1 to 10 minutes, less the growth of the graph',
        value: resident - graph,
        unit: 'MB',
        goal: 30,
        better: 'lower',
      },
      { name: 'memory: most held in 10 minutes', value: ten.residentBytes / megabyte, unit: 'MB', better: 'lower' },
    ]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    notes.push('memory was not measured: the ffmpeg command, which loops the clip, is not installed')
    return []
  } finally {
    await rm(folder, { recursive: true })
  }
}

function loop(clip: string, seconds: number, path: string): Promise<unknown> {
  const args = ['-v', 'error', '-stream_loop', '-1', '-i', clip, '-t', String(seconds), '-c', 'copy', '-an', path]
  return promisify(execFile)('ffmpeg', args)
}

await main()
