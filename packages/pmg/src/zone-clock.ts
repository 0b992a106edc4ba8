/** Minutes that a wall clock shows, counted from 1970-01-01 00:00 as if no clock ever changed. */
export type WallMinutes = number

/** Reads instants as the wall clock of a time zone shows them, and back. */
export interface ZoneClock {
  readonly timeZone: string
  /** What the clock shows at an instant (milliseconds since 1970 UTC), seconds cut off. */
  wallOf(instant: number): WallMinutes
  /**
   * The instant at which the clock shows a time. Of a time that comes twice it is the earlier one or, with `last`, the later; a
   * time that is skipped is taken by the clock of before the change, so that 02:30 becomes 03:30.
   */
  instantOf(wall: WallMinutes, last?: boolean): number
}

const minute = 60_000

/** @throws TypeError that names the field, when the zone is not known here */
export function createZoneClock(timeZone: string, field = 'timeZone'): ZoneClock {
  const format = formatOf(timeZone, field)
  const offsetAt = (instant: number): number => {
    const shown: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(instant)) shown[type] = Number(value)
    const { year, month, day, hour, minute: minutes, second } = shown
    const wall = Date.UTC(year!, month! - 1, day!, hour!, minutes!, second!)
    return Math.round((wall - Math.floor(instant / 1000) * 1000) / 1000) * 1000
  }
  return {
    timeZone,
    wallOf: (instant) => Math.floor((instant + offsetAt(instant)) / minute),
    instantOf(wall, last = false) {
      const utc = wall * minute
      // No clock is more than a day from UTC: the offsets of both sides of any change near by are among these two.
      const offsets = [offsetAt(utc - 24 * 60 * minute), offsetAt(utc + 24 * 60 * minute)]
      const fitting = offsets.map((offset) => utc - offset).filter((instant) => instant + offsetAt(instant) === utc)
      if (fitting.length === 0) return utc - offsets[0]!
      return last ? Math.max(...fitting) : Math.min(...fitting)
    },
  }
}

function formatOf(timeZone: string, field: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      era: undefined,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw new TypeError(`${field} is ${JSON.stringify(timeZone)}: it must be an IANA name such as "Europe/Berlin"`)
  }
}
