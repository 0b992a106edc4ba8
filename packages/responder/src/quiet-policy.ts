import type { Caption, RetrievedMemory, SpeakPolicy, SpeakRequest, Speech } from '@perstream/spec'
import { cite } from './evidence'
import { createDateFinder, type FindDates, type Reminder, reminderIn } from './reminder'

/** When a quiet policy speaks. */
export interface QuietPolicyOptions {
  /** Share (above 0, up to 1) of a reminder's things that must be in view. Names count double. Default 0.5. */
  readonly minMatch?: number | undefined
  /** Captions less sure than this (0..1) are not acted on. Default 0.6. */
  readonly minConfidence?: number | undefined
  /** Times it may speak in any hour, 0 or more. Default 4. */
  readonly perHour?: number | undefined
  /** Times it may speak in any 24 hours, 0 or more. Default 12. */
  readonly perDay?: number | undefined
  /** Seconds of silence after it spoke, 0 or more. Default 120. */
  readonly minGapSeconds?: number | undefined
  /** Hours (0 or more) before the same memory may be told again. Default 24. */
  readonly noveltyHours?: number | undefined
  /** Hours of the day, local time, in which it never speaks: from `start` (inclusive) to `end` (exclusive), 0..24. Default: none. */
  readonly quietHours?: { readonly start: number; readonly end: number } | undefined
}

/** A speak policy that can be told to leave a memory alone. */
export interface QuietPolicy extends SpeakPolicy {
  /** Never tells this memory again. */
  dismiss(memoryId: string): void
}

type Settings = Required<{ [Key in Exclude<keyof QuietPolicyOptions, 'quietHours'>]: number }> &
  Pick<QuietPolicyOptions, 'quietHours'>

const defaults: Settings = {
  minMatch: 0.5,
  minConfidence: 0.6,
  perHour: 4,
  perDay: 12,
  minGapSeconds: 120,
  noveltyHours: 24,
  quietHours: undefined,
}

/**
 * Makes a policy that is silent unless what is in view clearly belongs to something the user asked to be reminded of, or
 * to an appointment of today. One policy serves one stream. It looks at words alone: the likeness of a moment to a memory says
 * nothing about whether to speak (AUC .42 to .53 on the prototype's data). `probability` is the match, not a
 * calibrated probability.
 * @throws TypeError for an option out of range
 */
export function createQuietPolicy(options: QuietPolicyOptions = {}): QuietPolicy {
  const settings: Settings = { ...defaults, ...definedOnly(options) }
  validate(settings)
  const history: { at: number; memoryId: string }[] = []
  const dismissed = new Set<string>()
  const findDates = createDateFinder()
  return {
    async consider(request, { signal } = {}) {
      signal?.throwIfAborted()
      const found = findReminder(request, { settings, findDates, isFresh: (id) => isFresh(id, request.now) })
      if (typeof found === 'string') return { kind: 'silent', reason: found }
      const limit = exceededLimit(
        history.map((each) => each.at),
        request.now,
        settings,
      )
      if (limit) return { kind: 'silent', reason: limit, probability: found.reminder.match }
      history.push({ at: request.now, memoryId: found.memory.memory.id })
      return speak(found)
    },
    dismiss(memoryId) {
      dismissed.add(memoryId)
    },
  }

  function isFresh(id: string, now: number): boolean {
    const window = settings.noveltyHours * 3_600_000
    return !dismissed.has(id) && !history.some((each) => each.memoryId === id && now - each.at < window)
  }
}

function definedOnly(options: QuietPolicyOptions): Partial<Settings> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function validate(settings: Settings): void {
  for (const name of ['minMatch', 'minConfidence'] as const)
    if (!(settings[name] >= 0 && settings[name] <= 1))
      throw new TypeError(`${name} is ${settings[name]}: it must be in 0..1`)
  if (settings.minMatch === 0) throw new TypeError('minMatch is 0: it must be above 0, or everything would be told')
  for (const name of ['perHour', 'perDay', 'minGapSeconds', 'noveltyHours'] as const)
    if (!(settings[name] >= 0)) throw new TypeError(`${name} is ${settings[name]}: it must be 0 or more`)
  const { quietHours } = settings
  for (const name of ['start', 'end'] as const)
    if (quietHours && !(quietHours[name] >= 0 && quietHours[name] <= 24))
      throw new TypeError(`quietHours.${name} is ${quietHours[name]}: it must be an hour of the day, 0..24`)
}

interface Found {
  readonly memory: RetrievedMemory
  readonly caption: Caption
  readonly reminder: Reminder
}

interface Search {
  readonly settings: Settings
  readonly findDates: FindDates
  isFresh(id: string): boolean
}

function findReminder(request: SpeakRequest, { settings, findDates, isFresh }: Search): Found | string {
  const captions = request.captions.filter(
    (caption) => caption.confidence >= settings.minConfidence && caption.text.trim() !== '',
  )
  if (captions.length === 0) return 'nothing was read or seen clearly enough'
  if (request.memories.length === 0) return 'no memory bears on this moment'
  const asking = request.memories.flatMap((memory) => {
    const match = reminderIn(memory.memory, request.now, findDates)
    return captions.flatMap((caption) => {
      const reminder = match?.(caption)
      return reminder ? [{ memory, caption, reminder }] : []
    })
  })
  if (asking.length === 0) return 'no memory here asks for a reminder'
  const matching = asking.filter((each) => each.reminder.match >= settings.minMatch)
  if (matching.length === 0) return 'what is in view does not clearly belong to a reminder'
  const fresh = matching.filter((each) => isFresh(each.memory.memory.id))
  if (fresh.length === 0) return 'already told, or dismissed'
  return fresh.reduce((best, each) => (each.reminder.match > best.reminder.match ? each : best))
}

function exceededLimit(spoken: readonly number[], now: number, settings: Settings): string | undefined {
  if (settings.quietHours && isWithin(settings.quietHours, now)) return 'these are quiet hours'
  const within = (milliseconds: number) => spoken.filter((at) => now - at < milliseconds).length
  if (within(settings.minGapSeconds * 1000) > 0) return 'spoke a moment ago'
  if (within(3_600_000) >= settings.perHour) return 'the budget of this hour is spent'
  if (within(86_400_000) >= settings.perDay) return 'the budget of this day is spent'
  return undefined
}

function isWithin({ start, end }: { start: number; end: number }, now: number): boolean {
  const date = new Date(now)
  const hour = date.getHours() + date.getMinutes() / 60
  return start <= end ? hour >= start && hour < end : hour >= start || hour < end
}

function speak({ memory, caption, reminder }: Found): Speech {
  const lead = reminder.kind === 'action' ? 'You asked to be reminded' : 'You have this today'
  return {
    kind: 'spoke',
    text: `${lead}: "${oneLine(memory.memory.text)}" (in view: "${oneLine(caption.text)}")`,
    citations: [cite(memory.memory)],
    probability: reminder.match,
  }
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' / ')
}
