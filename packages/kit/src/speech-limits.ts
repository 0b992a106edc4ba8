/** How often a memory may speak up by itself. */
export interface SpeechLimitOptions {
  /** Times it may speak in any hour, 0 or more. Default 4. */
  readonly perHour?: number | undefined
  /** Times it may speak in any 24 hours, 0 or more. Default 12. */
  readonly perDay?: number | undefined
  /** Seconds of silence after it spoke, 0 or more. Default 120. */
  readonly minGapSeconds?: number | undefined
  /** Hours of the day, local time, in which it never speaks: from `start` (inclusive) to `end` (exclusive), 0..24. Default: none. */
  readonly quietHours?: { readonly start: number; readonly end: number } | undefined
}

/** Keeps one stream within limits. Times are milliseconds since 1970 UTC. */
export interface SpeechLimits {
  /** Which limit forbids to speak now, in words; undefined: none does. */
  reached(now: number): string | undefined
  /** Counts that it spoke. */
  spoke(now: number): void
}

const hour = 3_600_000
const day = 24 * hour

/** Makes the limits of one stream. @throws TypeError for an option out of range, by its name */
export function createSpeechLimits({
  perHour = 4,
  perDay = 12,
  minGapSeconds = 120,
  quietHours,
}: SpeechLimitOptions = {}): SpeechLimits {
  for (const [name, value] of Object.entries({ perHour, perDay, minGapSeconds }))
    if (!(value >= 0)) throw new TypeError(`${name} is ${value}: it must be 0 or more`)
  for (const name of ['start', 'end'] as const)
    if (quietHours && !(quietHours[name] >= 0 && quietHours[name] <= 24))
      throw new TypeError(`quietHours.${name} is ${quietHours[name]}: it must be an hour of the day, 0..24`)
  const longest = Math.max(day, minGapSeconds * 1000)
  let spoken: number[] = []
  return {
    reached(now) {
      if (quietHours && isWithin(quietHours, now)) return 'these are quiet hours'
      const within = (milliseconds: number) => spoken.filter((at) => now - at < milliseconds).length
      if (within(minGapSeconds * 1000) > 0) return 'spoke a moment ago'
      if (within(hour) >= perHour) return 'the budget of this hour is spent'
      if (within(day) >= perDay) return 'the budget of this day is spent'
      return undefined
    },
    spoke(now) {
      spoken = [...spoken.filter((at) => now - at < longest), now]
    },
  }
}

function isWithin({ start, end }: { readonly start: number; readonly end: number }, now: number): boolean {
  const date = new Date(now)
  const time = date.getHours() + date.getMinutes() / 60
  return start <= end ? time >= start && time < end : time >= start || time < end
}
