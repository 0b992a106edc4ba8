import { createSpeechLimits, type SpeechLimitOptions } from '@perstream/kit'
import type { Caption, RetrievedMemory, SpeakPolicy, SpeakRequest, Speech } from '@perstream/spec'
import { cite } from './evidence'
import { createDateFinder, type FindDates, type Reminder, reminderIn } from './reminder'

/** When a quiet policy speaks. */
export interface QuietPolicyOptions extends SpeechLimitOptions {
  /** Share (above 0, up to 1) of a reminder's things that must be in view. Names count double. Default 0.5. */
  readonly minMatch?: number | undefined
  /** Captions less sure than this (0..1) are not acted on. Default 0.6. */
  readonly minConfidence?: number | undefined
  /** Hours (0 or more) before the same memory may be told again. Default 24. */
  readonly noveltyHours?: number | undefined
}

/** A speak policy that can be told to leave a memory alone. */
export interface QuietPolicy extends SpeakPolicy {
  /** Never tells this memory again. */
  dismiss(memoryId: string): void
}

/** What a reminder must be to be told. */
interface Settings {
  readonly minMatch: number
  readonly minConfidence: number
  readonly noveltyHours: number
}

/**
 * Makes a policy that is silent unless what is in view clearly belongs to something the user asked to be reminded of, or
 * to an appointment of today. One policy serves one stream. It looks at words alone: the likeness of a moment to a memory says
 * nothing about whether to speak (AUC .42 to .53 on the prototype's data). `probability` is the match, not a
 * calibrated probability.
 * @throws TypeError for an option out of range
 */
export function createQuietPolicy({
  minMatch = 0.5,
  minConfidence = 0.6,
  noveltyHours = 24,
  ...limitOptions
}: QuietPolicyOptions = {}): QuietPolicy {
  const settings = { minMatch, minConfidence, noveltyHours }
  validate(settings)
  const limits = createSpeechLimits(limitOptions)
  const told = new Map<string, number>()
  const dismissed = new Set<string>()
  const findDates = createDateFinder()
  return {
    async consider(request, { signal } = {}) {
      signal?.throwIfAborted()
      const found = findReminder(request, { settings, findDates, isFresh: (id) => isFresh(id, request.now) })
      if (typeof found === 'string') return { kind: 'silent', reason: found }
      const limit = limits.reached(request.now)
      if (limit) return { kind: 'silent', reason: limit, probability: found.reminder.match }
      limits.spoke(request.now)
      told.set(found.memory.memory.id, request.now)
      return speak(found)
    },
    dismiss(memoryId) {
      dismissed.add(memoryId)
    },
  }

  function isFresh(id: string, now: number): boolean {
    const last = told.get(id) ?? Number.NEGATIVE_INFINITY
    return !dismissed.has(id) && now - last >= noveltyHours * 3_600_000
  }
}

function validate({ minMatch, minConfidence, noveltyHours }: Settings): void {
  for (const [name, value] of Object.entries({ minMatch, minConfidence }))
    if (!(value >= 0 && value <= 1)) throw new TypeError(`${name} is ${value}: it must be in 0..1`)
  if (minMatch === 0) throw new TypeError('minMatch is 0: it must be above 0, or everything would be told')
  if (!(noveltyHours >= 0)) throw new TypeError(`noveltyHours is ${noveltyHours}: it must be 0 or more`)
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
