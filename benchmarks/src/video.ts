import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createFlowKeyframes } from '@perstream/video'
import { type BenchReport, type Figure, helpIfAsked, interleave, median, printReport, ratio } from './harness'
import { driverNamed } from './video-drivers'

helpIfAsked(`bench:video. Decoding, scaling and keyframes of a 720p file: against the ffmpeg command.

  npm run bench:video -- [--json]

  --json   one JSON object`)

const run = promisify(execFile)
const rounds = 7
const folder = mkdtempSync(join(tmpdir(), 'perstream-bench-video-'))
const encoding = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '60', '-pix_fmt', 'yuv420p', '-an']

/** A 720p H.264 file: a real clip looped and scaled up where there is one, else rendered. */
function renderMain(): { file: string; note: string } {
  const file = join(folder, 'main.mp4')
  const clip = join(process.env.PERSTREAM_SHARED ?? '../shared', 'videos', 'gopro-max-heromode.mp4')
  const real = existsSync(clip)
  const input = real
    ? ['-stream_loop', '3', '-i', clip, '-vf', 'scale=1280:720,setsar=1']
    : ['-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=30:d=40', '-vf', 'noise=alls=12:allf=t']
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...input, ...encoding, '-t', '40', file])
  const what = real ? 'a real walking clip, looped and scaled to 720p' : "ffmpeg's testsrc2 with noise"
  return { file, note: `main file: 40 s of 1280x720 H.264 with B-frames, ${what}` }
}

async function readThrough(driver: string, threads: number, file: string): Promise<void> {
  const source = await driverNamed(driver, threads).open(file)
  for await (const { frame } of createFlowKeyframes().select(source)) frame.release()
}

/** The peer: ffmpeg decoding and scaling every fourth frame with the same filter, its pixels thrown away. */
async function commandLine(threads: number, file: string): Promise<void> {
  const filter = "select='not(mod(n,4))',scale=398:224:flags=area"
  const output = ['-vf', filter, '-vsync', '0', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-y', '/dev/null']
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-threads', String(threads), '-i', file, '-an', ...output])
}

/** Milliseconds of CPU time of this process and of the programs it has waited for; those only Linux tells. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  if (process.platform !== 'linux') return Number.NaN
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')
  // Fields 16 and 17 of proc(5), in hundredths of a second.
  return (user + system) / 1000 + (Number(fields[13]) + Number(fields[14])) * 10
}

/** A contestant that notes what each of its turns took of CPU time. */
function counted(contestant: () => Promise<void>, times: number[]): () => Promise<void> {
  return async () => {
    const start = cpuTime()
    await contestant()
    times.push(cpuTime() - start)
  }
}

const drivers = ['node-av', 'ffmpeg']

async function speed(file: string): Promise<Figure[]> {
  const contestants: Record<string, () => Promise<void>> = {}
  const cpu: Record<string, number[]> = {}
  const enter = (name: string, contestant: () => Promise<void>) => {
    cpu[name] = []
    contestants[name] = counted(contestant, cpu[name])
  }
  for (const threads of [1, 2]) {
    enter(`ffmpeg CLI alone, ${threads}`, () => commandLine(threads, file))
    for (const driver of drivers) enter(`${driver} + keyframes, ${threads}`, () => readThrough(driver, threads, file))
  }
  const wall = await interleave(contestants, rounds)
  const seconds = Object.entries(wall).map(
    ([name, values]): Figure => ({ name: `${name} thread(s)`, value: median(values), unit: 'ms', better: 'lower' }),
  )
  const ratios = [1, 2].flatMap((threads) => drivers.flatMap((driver) => against(driver, threads, wall, cpu)))
  return [...seconds, ...ratios]
}

type Times = Readonly<Record<string, number[]>>

/** The wall time of a driver against the program's, which has the goal, and the CPU time, which other programs do not stretch. */
function against(driver: string, threads: number, wall: Times, cpu: Times): Figure[] {
  const of = (times: Times) =>
    ratio(times[`${driver} + keyframes, ${threads}`]!, times[`ffmpeg CLI alone, ${threads}`]!)
  const name = `${driver} + keyframes, ${threads} against ${threads} thread(s)`
  const common = { unit: 'x', better: 'lower', peer: 'ffmpeg CLI: decode + area scale' } as const
  const figure: Figure = { name, value: of(wall), goal: 1.15, ...common }
  return process.platform === 'linux' ? [figure, { name: `${name}, CPU time`, value: of(cpu), ...common }] : [figure]
}

/** Peak growth of a process that reads ten minutes, less that of one that reads one. */
async function memory(): Promise<Figure[]> {
  const minutes = (count: number) => {
    const file = join(folder, `${count}.mp4`)
    const source = `testsrc2=s=320x240:r=15:d=${count * 60}`
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      source,
      ...encoding,
      '-preset',
      'ultrafast',
      file,
    ])
    return file
  }
  const [short, long] = [minutes(1), minutes(10)]
  const tsx = fileURLToPath(new URL('./video-child.ts', import.meta.url))
  const figures: Figure[] = []
  for (const driver of drivers) {
    const peak = async (file: string) => {
      const { stdout } = await run(process.execPath, [...process.execArgv, tsx, driver, file])
      return (JSON.parse(stdout) as { peak: number }).peak
    }
    const growth = (await peak(long)) - (await peak(short))
    figures.push({
      name: `${driver}: peak memory, 10 minutes less 1 minute`,
      value: growth,
      unit: 'MB',
      goal: 30,
      better: 'lower',
    })
  }
  return figures
}

async function bench(): Promise<BenchReport> {
  if (spawnSync('ffmpeg', ['-version']).status !== 0)
    return { bench: 'video', figures: [], notes: ['peer missing: no ffmpeg on PATH, which also renders the files'] }
  try {
    const { file, note } = renderMain()
    const figures = [...(await speed(file)), ...(await memory())]
    return {
      bench: 'video',
      figures,
      notes: [note, 'memory files: ffmpeg testsrc2, 320x240 at 15 fps; resident set size'],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

printReport(await bench())
