import { mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { cachedDemoClip } from './clip-cache'
import { demoScript } from './demo-script'
import { type RunEvent, runPerStream, runPerStreamEvents } from './perstream-command'
import { createProgressLine } from './progress-line'
import { isRightAnswer } from './script/questions'

const folder = join('.perstream', 'demo')

const usage = `Usage: npm run demo -- [VIDEO] [--seed N]

Without VIDEO: renders a walk past signs, pages and a car (once for each seed), lets PerStream watch it, asks about it and
checks the answers. With VIDEO: lets PerStream watch that file. Both write a report to open in a browser.

  --seed N   which clip to render; every seed has other names, prices, times and rooms (1)
  --help     show this`

/** Runs the demo. Returns the exit code: 0 when it ran, 1 when it failed, 2 when called wrongly, 130 when interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  let options: DemoOptions | undefined
  try {
    options = parseOptions(args)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
  if (options === undefined) {
    console.log(usage)
    return 0
  }
  return options.video === undefined ? demonstrate(options.seed) : watch(options.video)
}

interface DemoOptions {
  readonly seed: number
  readonly video?: string
}

function parseOptions(args: readonly string[]): DemoOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seed: { type: 'string', default: '1' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) return undefined
  if (positionals.length > 1) throw new TypeError(`One video at a time: got ${positionals.join(', ')}`)
  if (!/^\d{1,9}$/.test(values.seed)) throw new TypeError(`--seed must be a whole number from 0 on, got ${values.seed}`)
  const [video] = positionals
  return { seed: Number(values.seed), ...(video !== undefined && { video }) }
}

/** Watches a video of the user's. */
async function watch(video: string): Promise<number> {
  const name = basename(video).replace(/\.[^.]+$/, '')
  const store = join(folder, `memory-of-${name}`)
  const report = join(folder, `${name}.html`)
  await mkdir(folder, { recursive: true })
  const code = await runPerStream(['run', video, '--store', store, '--report', report])
  if (code === 0) showNext(store, report, 'What did I see?')
  return code
}

/** Renders the clip, watches it, and checks the answers. */
async function demonstrate(seed: number): Promise<number> {
  const script = demoScript(seed)
  const clip = await renderOnce(seed)
  if (clip === undefined) return 130
  const store = join(folder, `memory-${seed}`)
  const report = join(folder, `report-${seed}.html`)
  // A clip that was watched before would be known already: the demo begins with an empty memory.
  await rm(store, { recursive: true, force: true })
  console.log(`Watching ${clip} (${script.duration.toFixed(0)} s, recorded ${script.recordedAt.toISOString()})`)
  const asked = script.questions.flatMap(({ question }) => ['--ask', question])
  const run = createRunView(script.duration)
  const code = await runPerStreamEvents(['run', clip, '--store', store, ...asked, '--report', report], run.show)
  run.stop()
  if (code !== 0) return code
  const marks = script.questions.map((question) => {
    const answer = run.answers.get(question.question)
    const right = answer !== undefined && isRightAnswer(question, answer)
    console.log(
      `${right ? '  right ' : '  WRONG '} ${question.question}\n          ${oneLine(answer?.text ?? '(no answer)')}`,
    )
    return right
  })
  const count = marks.filter(Boolean).length
  console.log(`\n${count} of ${marks.length} questions answered right, from the pixels of the clip alone.`)
  showNext(store, report, script.questions[0]!.question)
  return 0
}

/** Renders the clip with a progress line unless it is there already; undefined when interrupted. */
async function renderOnce(seed: number): Promise<string | undefined> {
  const controller = new AbortController()
  const stop = () => controller.abort()
  process.once('SIGINT', stop)
  const line = createProgressLine('Rendering the demo clip (kept for the next time)')
  try {
    return await cachedDemoClip({ seed, folder, signal: controller.signal, onProgress: line.update })
  } catch (error) {
    if (controller.signal.aborted) return undefined
    throw error
  } finally {
    line.stop()
    process.off('SIGINT', stop)
  }
}

type Answered = Extract<RunEvent, { type: 'answered' }>

/** Shows the events of a run as they come, and keeps the answers. */
function createRunView(duration: number) {
  const answers = new Map<string, Answered>()
  const line = createProgressLine('Watching')
  const show = (event: RunEvent) => {
    if (event.type === 'frame-kept') line.update({ done: event.seconds, total: duration })
    if (event.type === 'memory-stored' && event.outcome === 'created')
      line.print(`  ${event.seconds.toFixed(1).padStart(5)} s  ${oneLine(event.text)}`)
    if (event.type === 'spoke') line.print(`  ${event.seconds.toFixed(1).padStart(5)} s  says: ${oneLine(event.text)}`)
    if (event.type === 'answered') answers.set(event.question, event)
  }
  return { answers, show, stop: line.stop }
}

function showNext(store: string, report: string, question: string): void {
  console.log(`
Report:   ${report}   (open it in a browser)
Ask more: npx perstream ask ${store} "${question}"
Look in:  npx perstream inspect ${store}`)
}

const oneLine = (text: string) => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 150 ? `${line.slice(0, 149)}…` : line
}
