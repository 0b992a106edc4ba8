import { memoryCategories } from '@perstream/gate'
import type { FrameSource, Keyframe, Memory } from '@perstream/spec'
import packageJson from '../../package.json'
import type { PerStreamEvent } from '../pipeline/events'
import { redactPasswords } from '../redact'
import {
  type ReportAnswer,
  type ReportData,
  type ReportGateDecision,
  type ReportKeyframe,
  type ReportMemory,
  type ReportReduction,
  type ReportSpeech,
  type ReportWarning,
  renderReport,
} from '../report'
import type { OpenMemory } from './open-memory'
import { createThumbnails, type Thumbnails } from './thumbnails'
import { reductionLine } from './what-went'

/** Gathers what a run tells, for the page about it. */
export interface ReportRecorder {
  keyframe(keyframe: Keyframe): Promise<void>
  on(event: PerStreamEvent): void
  render(): string
}

/** What the page says about the run. */
export interface ReportRecorderOptions {
  readonly memory: OpenMemory
  readonly directory: string
  readonly source: FrameSource
  /** The id under which the source's memories lie. */
  readonly sourceId: string
  readonly start: number
  readonly settings: ReportData['settings']
}

export function createReportRecorder(options: ReportRecorderOptions): ReportRecorder {
  const thumbnails = createThumbnails()
  const gathered = createGathered()
  const began = performance.now()
  return {
    keyframe: ({ frame }) => thumbnails.take(frame),
    on: (event) => gather(gathered, event),
    render: () => renderReport(reportData(options, gathered, thumbnails, (performance.now() - began) / 1000)),
  }
}

interface Gathered {
  readonly keyframes: Omit<ReportKeyframe, 'thumbnail'>[]
  readonly gate: ReportGateDecision[]
  readonly outcomes: Map<string, string>
  readonly speech: ReportSpeech[]
  readonly answers: ReportAnswer[]
  readonly warnings: ReportWarning[]
  readonly reductions: ReportReduction[]
  hasBudget: boolean
  startedAt: string | undefined
  seconds: number
  parts: Readonly<Record<string, number>>
}

function createGathered(): Gathered {
  return {
    keyframes: [],
    gate: [],
    outcomes: new Map(),
    speech: [],
    answers: [],
    warnings: [],
    reductions: [],
    hasBudget: false,
    startedAt: undefined,
    seconds: 0,
    parts: {},
  }
}

function gather(into: Gathered, event: PerStreamEvent): void {
  switch (event.type) {
    case 'started':
      into.startedAt = event.startedAt ?? undefined
      break
    case 'frame-kept':
      into.keyframes.push(event)
      break
    case 'gate-passed':
    case 'gate-refused':
      into.gate.push({ ...event, text: event.text ?? '', remember: event.type === 'gate-passed' })
      break
    case 'memory-stored':
      if (!into.outcomes.has(event.id)) into.outcomes.set(event.id, event.outcome)
      break
    case 'spoke':
      into.speech.push({ seconds: event.seconds, kind: 'spoke', text: event.text })
      break
    case 'stayed-silent':
      into.speech.push({ seconds: event.seconds, kind: 'silent', reason: event.reason })
      break
    case 'answered':
      into.answers.push({ ...event, askedAtSeconds: event.seconds ?? undefined })
      break
    case 'warning':
      into.warnings.push({ code: event.code, message: event.message, seconds: into.seconds })
      break
    case 'reduced':
      into.reductions.push({ seconds: event.seconds, message: reductionLine(event.report) })
      break
    case 'progress':
      into.seconds = event.seconds
      break
    case 'finished':
      into.seconds = event.seconds
      into.parts = event.parts
      into.hasBudget = event.reduced !== null
      break
  }
}

function reportData(
  { memory, directory, source, sourceId, start, settings }: ReportRecorderOptions,
  gathered: Gathered,
  thumbnails: Thumbnails,
  wallSeconds: number,
): ReportData {
  const keyframes = gathered.keyframes.map((keyframe) => ({ ...keyframe, thumbnail: thumbnails.of(keyframe.frame) }))
  const memories = memory.graph.list({ source: sourceId })
  const ids = new Set(memories.map(({ id }) => id))
  const relations = memory.graph.relations().filter(({ memories: supporting }) => supporting.some((id) => ids.has(id)))
  const degrees = new Map<string, number>()
  for (const { subject, object } of relations)
    for (const id of [subject, object]) degrees.set(id, (degrees.get(id) ?? 0) + 1)
  const entities = memory.graph.entities().filter(({ id }) => degrees.has(id))
  return {
    title: redactPasswords(source.location).split(/[\\/]/).at(-1) ?? '',
    source: { ...sourceFacts(source), startedAt: gathered.startedAt },
    store: directory,
    createdWith: packageJson.version,
    settings,
    keyframes,
    gate: gathered.gate,
    memories: memories.map((item) => reportMemory(item, sourceId, gathered, keyframes)),
    graph: {
      entities: entities.map(({ id, label }) => ({ id, label, degree: degrees.get(id) ?? 0 })),
      relations: relations.map(({ subject, object, predicate, memories: memoryIds }) => ({
        source: subject,
        target: object,
        predicate,
        memoryIds,
      })),
    },
    speech: gathered.speech,
    answers: gathered.answers,
    warnings: gathered.warnings,
    ...(gathered.hasBudget && { reductions: gathered.reductions }),
    parts: shares(gathered.parts),
    speed: { sourceSeconds: Math.max(0, gathered.seconds - start), wallSeconds },
  }
}

function sourceFacts({ location, duration, width, height }: FrameSource): ReportData['source'] {
  return { location: redactPasswords(location), durationSeconds: duration, width, height }
}

function reportMemory(
  { id, text, category, origin, confidence, evidence }: Memory,
  sourceId: string,
  { outcomes }: Gathered,
  keyframes: readonly ReportKeyframe[],
): ReportMemory {
  const here = evidence.filter((item) => item.source === sourceId)
  const start = here[0]?.startSeconds ?? 0
  const thumbnail = keyframes.findIndex(
    ({ seconds, thumbnail: picture }) => picture !== undefined && seconds >= start - 0.001,
  )
  return {
    id,
    text,
    category,
    group: memoryCategories.find(({ key }) => key === category)?.group ?? 'Other',
    origin,
    confidence,
    evidence: here,
    outcome: outcomes.get(id) ?? 'stored before',
    ...(thumbnail >= 0 && { thumbnail }),
  }
}

/** Parts of the run as shares of their sum. */
function shares(parts: Readonly<Record<string, number>>): ReportData['parts'] {
  const whole = Object.values(parts).reduce((sum, seconds) => sum + seconds, 0)
  return Object.entries(parts)
    .map(([name, seconds]) => ({ name, share: whole > 0 ? Math.max(0, seconds / whole) : 0 }))
    .sort((a, b) => b.share - a.share)
}
