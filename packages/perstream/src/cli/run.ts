import { stat, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { FrameSource, Warning } from '@perstream/spec'
import { openFrameSource } from '@perstream/video'
import { ffmpegDriver } from '@perstream/video/ffmpeg'
import { nodeAvDriver } from '@perstream/video/node-av'
import { Command } from 'commander'
import type { MemoryBudget } from '../pipeline/budget'
import { createPerStream } from '../pipeline/create-perstream'
import type { PerStreamEvent } from '../pipeline/events'
import type { ScheduledQuestion } from '../pipeline/questions'
import type { PipelinePreset } from '../presets/preset'
import { redactPasswords } from '../redact'
import { sourceId } from '../source-id'
import { parseAskAt, parseCount, parseDate, parsePositive, parseQuestion, parseSeconds, parseSize } from './arguments'
import type { CommandContext } from './context'
import { UsageError } from './exit'
import { bytes, clock } from './format'
import { type OpenMemory, type OpenMemoryOptions, openMemory, otherSpace } from './open-memory'
import {
  addPresetOptions,
  checkPresetFlags,
  keepsGrids,
  loadPreset,
  type PresetFlags,
  speechDescription,
  speechModelOf,
  textOf,
} from './presets'
import { createReportRecorder, type ReportRecorder } from './report-recorder'
import { openReranker, type RerankerFlags, rerankerOption } from './reranker'
import { createEventPrinter } from './run-printer'
import { createRunProgress } from './run-progress'
import { defaultStrategyName, type StrategyName, strategyOf, strategyOption } from './strategies'
import { liteText } from './text-encoder'

interface RunFlags extends PresetFlags, RerankerFlags {
  readonly store: string
  readonly ask?: readonly ScheduledQuestion[]
  readonly askAt?: readonly ScheduledQuestion[]
  readonly report?: string
  readonly proactive: boolean
  readonly fps?: number
  readonly start?: number
  readonly end?: number
  readonly recordedAt?: Date
  readonly budget?: number
  readonly strategy?: StrategyName
  readonly json?: true
}

export function runCommand(context: CommandContext): Command {
  const gather =
    (parse: (text: string) => ScheduledQuestion) =>
    (text: string, previous: readonly ScheduledQuestion[] = []): ScheduledQuestion[] => [...previous, parse(text)]
  const atEnd = (text: string) => ({ question: parseQuestion(text) })
  const command = new Command('run')
    .description('watch videos, remember what matters, answer and speak up')
    .argument('<video...>', 'files, or URLs and devices that the decoder opens')
    .option('--store <dir>', 'folder of the memory; made when it is not there', 'perstream-memory')
    .option('--ask <question>', 'answer at the end (again for more)', gather(atEnd))
    .option(
      '--ask-at <time question>',
      'answer at this second, or m:ss, from what was seen until then (again for more)',
      gather(parseAskAt),
    )
    .addOption(rerankerOption())
    .option('--report <file>', 'write a page with timeline, memories, graph and answers')
    .option('--no-proactive', 'never speak up by itself')
  return addPresetOptions(command)
    .option('--fps <number>', 'look at this many frames a second (default: every 4th frame)', parsePositive)
    .option('--start <time>', 'begin at this second, or m:ss', parseSeconds)
    .option('--end <time>', 'stop before this second, or m:ss', parseSeconds)
    .option('--recorded-at <iso>', 'when the recording began, for videos that do not say', parseDate)
    .option('--threads <number>', 'threads for the models', parseCount)
    .option('--grids', 'keep patch grids of what is remembered, in the memory (slower)')
    .option('--speech [model]', speechDescription)
    .option('--budget <size>', 'never let the memory take more: 512MB, 1.5GB, 300MiB or plain bytes', parseSize)
    .addOption(strategyOption())
    .option('--json', 'print one event a line, as JSON')
    .addHelpText('after', examples)
    .action((videos: string[], flags: RunFlags) => run(videos, flags, context))
}

const examples = `
Examples:
  perstream run walk.mp4 --ask "Where did I park?"
  perstream run walk.mp4 --ask-at 0:30 "What is the room number?" --report walk.html
  perstream run day1.mp4 day2.mp4 --store memory --no-proactive
  perstream run walk.mp4 --budget 512MB                   what matters least is let go when it gets too much
  perstream run walk.mp4 --speech models/whisper-tiny.en --ask "When is my dentist appointment?"
  perstream run walk.mp4 --json | jq 'select(.type == "memory-stored") | .text'

The same video again goes on after the last second that was stored.`

/** What watching one video works with. */
interface Session {
  readonly flags: RunFlags
  readonly context: CommandContext
  readonly memory: OpenMemory
  readonly models: LoadedOnce<PipelinePreset>
  readonly questions: readonly ScheduledQuestion[]
}

async function run(videos: readonly string[], flags: RunFlags, context: CommandContext): Promise<void> {
  if (flags.end !== undefined && flags.end <= (flags.start ?? 0))
    throw new UsageError(`--end ${flags.end} does not lie after --start ${flags.start ?? 0}.`)
  if (flags.strategy !== undefined && flags.budget === undefined)
    throw new UsageError(
      `--strategy ${flags.strategy} says what goes first for a budget: give --budget, such as 512MB.`,
    )
  if (flags.report !== undefined && videos.length > 1)
    throw new UsageError(
      '--report shows one video: run the videos one by one, with the same --store, to have a page of each.',
    )
  if (flags.report !== undefined) await mustHavePlace(flags.report)
  checkPresetFlags(flags)
  const { ask = [], askAt = [] } = flags
  // Video, reranker, memory, then the other models: what is refused is refused before much is loaded, and no memory is made for it.
  if (!(await stat(flags.store).catch(() => undefined))) await mustOpen(videos[0]!, context)
  await using reranker = await openReranker(flags, context)
  const kept = { reranker, grids: keepsGrids(flags), ...filesOf(flags) }
  await using memory = await openMemory(flags.store, 'create', context, kept)
  await using models = loadOnce(() => loadPreset(flags, context))
  for (const [i, video] of videos.entries()) {
    const questions = i === videos.length - 1 ? [...askAt, ...ask] : askAt
    await watch(video, { flags, context, memory, models, questions })
  }
}

const largestJournal = 1 << 24

/** Keeps the files within twice the budget: what the memory takes, a journal that is merged soon, and an index where there is room. */
function filesOf({ budget }: RunFlags): OpenMemoryOptions {
  if (budget === undefined) return {}
  return { compactAfterBytes: Math.min(largestJournal, budget / 4), mostDiskBytes: 2 * budget }
}

/** A page is written at the end of a run: that it cannot be is told at its beginning. */
async function mustHavePlace(report: string): Promise<void> {
  if (await isFolder(report)) throw new UsageError(`--report ${report} is a folder: give a file, such as walk.html.`)
  if (!(await isFolder(dirname(report))))
    throw new UsageError(`--report ${report}: there is no folder ${dirname(report)} to write it into.`)
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

const drivers = [nodeAvDriver(), ffmpegDriver()]

/** Opens a video and closes it again; a stream or a device is not asked twice. */
async function mustOpen(video: string, { signal }: CommandContext): Promise<void> {
  if (/^(?!file:)[a-z][a-z0-9+.-]+:/i.test(video)) return
  const source = await openFrameSource(video, { drivers, signal })
  await source[Symbol.asyncDispose]()
}

/** Before anything is watched for a memory that cannot take it. */
function mustBeOfSpace({ graph }: OpenMemory, { text }: PipelinePreset, flags: RunFlags): void {
  const { space: stored } = graph.stats()
  if (stored !== undefined && stored !== text.space)
    throw otherSpace(flags.store, textOf(flags), { stored, given: text.space })
}

/** Something that is loaded when it is first asked for. */
interface LoadedOnce<Value> extends AsyncDisposable {
  get(): Promise<Value>
}

function loadOnce<Value extends AsyncDisposable>(load: () => Promise<Value>): LoadedOnce<Value> {
  let loading: Promise<Value> | undefined
  return {
    get() {
      loading ??= load()
      return loading
    },
    async [Symbol.asyncDispose]() {
      const loaded = await loading?.catch(() => undefined)
      await loaded?.[Symbol.asyncDispose]()
    },
  }
}

function budgetOf({ budget, strategy = defaultStrategyName }: RunFlags): MemoryBudget | undefined {
  return budget === undefined ? undefined : { bytes: budget, strategy: strategyOf(strategy) }
}

function settingsOf(flags: RunFlags): Record<string, string | number | boolean> {
  const { preset, fps, proactive, threads, grids, budget, strategy = defaultStrategyName } = flags
  const text = textOf(flags)
  const speech = speechModelOf(flags)
  return {
    preset,
    ...(text !== liteText && { text }),
    sampling: fps === undefined ? 'every 4th frame' : `${fps} frames a second`,
    proactive,
    ...(threads !== undefined && { threads }),
    ...(grids && { grids }),
    ...(speech !== undefined && { speech: basename(redactPasswords(speech)) }),
    ...(budget !== undefined && { budget: `${bytes(budget)}, ${strategy}` }),
  }
}

/** A video that is ready to be watched from where its memory ends. */
interface OpenVideo {
  readonly source: FrameSource
  /** The id that its memories name. */
  readonly id: string
  readonly start: number
  readonly recordedAt: Date | undefined
  /** Told since the last look. */
  readonly warnings: Warning[]
}

async function openVideo(video: string, { flags, context, memory }: Session): Promise<OpenVideo> {
  const id = await sourceId(video)
  const stored = memory.graph.progress(id)?.seconds
  const start = resumeAt(stored, flags)
  if (stored !== undefined)
    context.note(`perstream: ${video} is remembered to ${clock(stored)} already; going on from there.`)
  const warnings: Warning[] = []
  const source = await openFrameSource(video, {
    drivers,
    start,
    end: flags.end,
    rate: flags.fps,
    signal: context.signal,
    onWarning: (warning) => warnings.push(redacted(warning)),
  })
  const { recordedAt = source.startedAt } = flags
  const isLive = source.duration === undefined && id === redactPasswords(video)
  if (!isLive) return { source, id, start, recordedAt, warnings }
  // A live source shows something else each time: what it showed before is no part of it.
  const now = new Date()
  return { source, id: `${id} since ${now.toISOString()}`, start, recordedAt: recordedAt ?? now, warnings }
}

/** Watches one video from where its memory ends. */
async function watch(video: string, session: Session): Promise<void> {
  const { flags, context, memory, models, questions } = session
  const { signal } = context
  const { source, id, start, recordedAt, warnings } = await openVideo(video, session)
  await using _opened = source
  const preset = await models.get()
  mustBeOfSpace(memory, preset, flags)
  const about = { memory, directory: flags.store, source, sourceId: id, start, settings: settingsOf(flags) }
  const recorder = flags.report === undefined ? undefined : createReportRecorder(about)
  const progress = createRunProgress(context, { start, end: flags.end })
  const pipeline = createPerStream({
    ...preset,
    source,
    memory: memory.graph,
    sourceId: id,
    recordedAt,
    hearFrom: flags.start ?? 0,
    speak: flags.proactive ? preset.speak : undefined,
    budget: budgetOf(flags),
    questions,
    onKeyframe(keyframe) {
      progress.keyframe(keyframe.frame.seconds)
      return recorder?.keyframe(keyframe)
    },
    signal,
  })
  const print = createEventPrinter(context)
  const emit = (event: PerStreamEvent) => {
    recorder?.on(event)
    progress.on(event)
    if (flags.json) context.out(JSON.stringify(event))
    else progress.print(() => print(event))
  }
  const emitWarnings = () => {
    for (const warning of warnings.splice(0)) emit({ type: 'warning', ...warning })
  }
  try {
    for await (const event of pipeline) {
      // What went wrong at the very end is told before "finished", what went wrong in opening after "started".
      if (event.type !== 'started') emitWarnings()
      emit(event)
    }
  } finally {
    emitWarnings()
    progress.stop()
  }
  if (recorder && flags.report !== undefined) await saveReport(recorder, flags.report, context)
}

/** Where to go on after what is stored: at the frame that a run in one go would look at next. */
export function resumeAt(stored: number | undefined, { start = 0, fps }: { start?: number; fps?: number }): number {
  if (stored === undefined || stored < start) return start
  return fps === undefined ? stored + 0.001 : start + (Math.floor((stored - start) * fps + 1e-6) + 1) / fps
}

/** Sources name themselves in their warnings. */
function redacted({ message, fields = {}, ...warning }: Warning): Warning {
  const words = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? redactPasswords(value) : value,
  ])
  return { ...warning, message: redactPasswords(message), fields: Object.fromEntries(words) }
}

async function saveReport(recorder: ReportRecorder, path: string, { note }: CommandContext): Promise<void> {
  await writeFile(path, recorder.render())
  note(`perstream: the report is in ${path}`)
}
