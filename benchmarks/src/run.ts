import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { findDemoClip } from './demo-clip'
import { type Figure, helpIfAsked, median, printReport } from './harness'
import { runChild } from './run/child'
import type { RunCost, RunCosts } from './run/cpu-child'
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
  const costs = await runChild<RunCosts>('./cpu-child.ts', [clip, String(rounds)])
  const notes = [
    `medians of ${rounds} runs of ${clip} after one that warms up; the memory lies in files; loading code and models is not part of a run`,
  ]
  const figures = [...costFigures(costs), ...partFigures(costs, notes)]
  if (!options['no-memory']) figures.push(...(await memoryFigures(clip, notes)))
  printReport({ bench: 'run', figures, notes })
}

function costFigures({ first, later, startSeconds }: RunCosts): Figure[] {
  const of = (value: (cost: RunCost) => number) => median(later.map(value))
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
    {
      name: 'speed against real time, first run of a process',
      value: first.sourceSeconds / first.wallSeconds,
      unit: 'x',
      better: 'higher',
      peer: 'the length of the clip',
    },
    { name: 'CPU of the run', value: of(({ cpuSeconds }) => cpuSeconds), unit: 's', better: 'lower' },
    { name: 'CPU before the run, loading code and models', value: startSeconds, unit: 's', better: 'lower' },
  ]
}

function partFigures({ first, later }: RunCosts, notes: string[]): Figure[] {
  if (!first.parts) {
    notes.push('CPU by part was not measured: this system does not count CPU by thread (Linux does)')
    return []
  }
  const share = ({ parts = {}, cpuSeconds }: RunCost, of: (part: string) => boolean) => {
    const own = Object.entries(parts).filter(([part]) => of(part))
    return (100 * own.reduce((sum, [, seconds]) => sum + seconds, 0)) / cpuSeconds
  }
  const figure = (name: string, of: (part: string) => boolean): Figure => ({
    name,
    value: median(later.map((cost) => share(cost, of))),
    unit: '%',
    better: 'lower',
  })
  const rest = (part: string) => part !== 'decoding and scaling' && !part.startsWith('model calls')
  const name = 'CPU outside decoding and model calls'
  const parts = Object.keys(first.parts).map((part) => figure(`CPU, ${part}`, (other) => other === part))
  return [
    { ...figure(name, rest), goal: 5 },
    { name: `${name}, first run of a process`, value: share(first, rest), unit: '%', better: 'lower' },
    ...parts.sort((a, b) => b.value - a.value),
  ]
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
