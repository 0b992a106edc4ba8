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
import { modelPart } from './run/model-part'

helpIfAsked(`bench:run. The whole pipeline on the demo clip: speed, CPU by part, memory.

  npm run bench:run -- [--clip FILE] [--rounds N] [--no-long] [--json]

  --clip FILE   another video (the demo clip of seed 1, rendered when it is not there)
  --rounds N    runs; figures are medians (3)
  --no-long     leave out what needs the clip looped to 5 and 10 minutes
  --json        one JSON object`)

const { values: options } = parseArgs({
  options: {
    clip: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    'no-long': { type: 'boolean' },
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
  const figures = costFigures(costs)
  if (!options['no-long']) figures.push(...(await longFigures(clip, notes)))
  if (!costs.first.parts)
    notes.push('CPU by part was not measured: this system does not count CPU by thread (Linux does)')
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
    ...(first.parts ? [{ ...outside, value: of(({ parts, cpuSeconds }) => outsideShare(parts!, cpuSeconds)) }] : []),
  ]
}

const outside = { name: 'CPU outside decoding and model calls, the clip', unit: '%', better: 'lower' } as const

function outsideShare(parts: Readonly<Record<string, number>>, cpuSeconds: number): number {
  const own = Object.entries(parts).filter(([part]) => part !== 'decoding and scaling' && !part.startsWith(modelPart))
  return (100 * own.reduce((sum, [, seconds]) => sum + seconds, 0)) / cpuSeconds
}

/** The share of each part in a run that is long enough for the compiling of code at its start to matter little. */
function partFigures({ parts, cpuSeconds }: RunCost): Figure[] {
  if (!parts) return []
  const shares = Object.entries(parts).map(
    ([part, seconds]): Figure => ({
      name: `CPU, ${part}`,
      value: (100 * seconds) / cpuSeconds,
      unit: '%',
      better: 'lower',
    }),
  )
  const name = 'CPU outside decoding and model calls, 5 minutes'
  return [
    { ...outside, name, value: outsideShare(parts, cpuSeconds), goal: 5 },
    ...shares.sort((a, b) => b.value - a.value),
  ]
}

const megabyte = 2 ** 20

/** What is measured on the clip looped to minutes. */
async function longFigures(clip: string, notes: string[]): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'perstream-bench-'))
  const looped = async (seconds: number) => {
    const path = join(folder, `${seconds}.mp4`)
    await loop(clip, seconds, path)
    return path
  }
  try {
    const { first } = await runChild<RunCosts>('./cpu-child.ts', [await looped(300), '0'])
    const memory = await memoryFigures(await looped(60), await looped(600))
    notes.push(
      'CPU by part: the clip looped to 5 minutes, the first run of a process',
      'memory: the clip looped to 1 and 10 minutes, looked at once a second and read every 4 seconds',
    )
    return [...partFigures(first), ...memory]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    notes.push('CPU by part and memory were not measured: the ffmpeg command, which loops the clip, is not installed')
    return []
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Compares what a process holds in a file of ten minutes and in one of one. */
async function memoryFigures(short: string, long: string): Promise<Figure[]> {
  const one = await runChild<RunMemory>('./memory-child.ts', [short, '1'])
  const ten = await runChild<RunMemory>('./memory-child.ts', [long, '1'])
  const resident = (ten.residentBytes - one.residentBytes) / megabyte
  const graph = (ten.graphBytes - one.graphBytes) / megabyte
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
}

function loop(clip: string, seconds: number, path: string): Promise<unknown> {
  const args = ['-v', 'error', '-stream_loop', '-1', '-i', clip, '-t', String(seconds), '-c', 'copy', '-an', path]
  return promisify(execFile)('ffmpeg', args)
}

await main()
