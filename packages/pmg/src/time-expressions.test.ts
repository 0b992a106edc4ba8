import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { namedDays, readTime } from './time-expressions'
import { startOfWeek } from './time-words'
import { createZoneClock } from './zone-clock'

const berlin = createZoneClock('Europe/Berlin')
const newYork = createZoneClock('America/New_York')
const hour = 3_600_000

/** Reads a text on Monday 27 October 2025, 18:05 in Berlin, a day after the clocks went back. */
function read(text: string, now = '2025-10-27T18:05+01:00') {
  const { rest, ranges } = readTime(text, Date.parse(now), berlin)
  return { rest, ranges: ranges.map(({ from, to }) => `${shown(from)} to ${shown(to)}`) }
}

function shown(instant: number): string {
  if (!Number.isFinite(instant)) return 'open'
  return new Date(berlin.wallOf(instant) * 60_000).toISOString().slice(0, 16)
}

describe('readTime', () => {
  it.each([
    ['on Saturday morning', '2025-10-25T05:00 to 2025-10-25T12:00'],
    ['the day before yesterday', '2025-10-25T00:00 to 2025-10-26T00:00'],
    ['last Tuesday', '2025-10-21T00:00 to 2025-10-22T00:00'],
    ['on Monday', '2025-10-20T00:00 to 2025-10-21T00:00'],
    ['two days ago', '2025-10-25T00:00 to 2025-10-26T00:00'],
    ['two weeks ago', '2025-10-13T00:00 to 2025-10-20T00:00'],
    ['on the 20th', '2025-10-20T00:00 to 2025-10-21T00:00'],
    ['on the morning of the 20th', '2025-10-20T05:00 to 2025-10-20T12:00'],
    ['on the 31st', '2025-08-31T00:00 to 2025-09-01T00:00'],
    ['on 3 December', '2024-12-03T00:00 to 2024-12-04T00:00'],
    ['on Saturday the 18th of October', '2025-10-18T00:00 to 2025-10-19T00:00'],
    ['in October', '2025-10-01T00:00 to 2025-11-01T00:00'],
    ['in December', '2024-12-01T00:00 to 2025-01-01T00:00'],
    ['in the first week of October', '2025-10-01T00:00 to 2025-10-08T00:00'],
    ['in the week of 13 October', '2025-10-13T00:00 to 2025-10-20T00:00'],
    ['on the last weekend of September', '2025-09-27T00:00 to 2025-09-29T00:00'],
    ['last weekend', '2025-10-25T00:00 to 2025-10-27T00:00'],
    ['last week', '2025-10-20T00:00 to 2025-10-27T00:00'],
    ['last month', '2025-09-01T00:00 to 2025-10-01T00:00'],
    ['between Monday and Wednesday of last week', '2025-10-20T00:00 to 2025-10-23T00:00'],
    ['from 3 to 9 October', '2025-10-03T00:00 to 2025-10-10T00:00'],
    ['between 3 and 5 pm', '2025-10-27T15:00 to 2025-10-27T17:00'],
    ['yesterday between 9:30 and 11 am', '2025-10-26T09:30 to 2025-10-26T11:00'],
    ['last night', '2025-10-26T20:00 to 2025-10-27T05:00'],
    ['before Friday', 'open to 2025-10-24T00:00'],
    ['since the 20th', '2025-10-20T00:00 to open'],
    ['in 2024', '2024-01-01T00:00 to 2025-01-01T00:00'],
  ])('reads "%s"', (words, range) => {
    expect(read(`What did I buy ${words}?`)).toEqual({ rest: 'What did I buy?', ranges: [range] })
  })

  it('reads a part of each of several days', () => {
    expect(read('What did I cook in the evenings from 25 to 26 October?')).toEqual({
      rest: 'What did I cook?',
      ranges: ['2025-10-25T17:00 to 2025-10-26T00:00', '2025-10-26T17:00 to 2025-10-27T00:00'],
    })
  })

  it.each(['What may I do?', 'I march on', 'every morning', 'bike lock 7194', 'number 14', 'next summer', 'tomorrow'])(
    'reads no time in "%s"',
    (text) => {
      expect(read(text)).toEqual({ rest: text, ranges: [] })
    },
  )

  it('counts hours as they passed, through the night with 25 of them', () => {
    const now = Date.parse('2025-10-26T08:00+01:00')
    expect(readTime('eight hours ago', now, berlin).ranges).toEqual([{ from: now - 12 * hour, to: now - 4 * hour }])
  })

  it('means both of an hour that comes twice', () => {
    const [range] = readTime('between 2 and 3 am', Date.parse('2025-10-26T20:00+01:00'), berlin).ranges
    expect((range!.to - range!.from) / hour).toBe(2)
  })

  it.each([
    ['Europe/Berlin', '2025-03-30T20:00+02:00', 23],
    ['Europe/Berlin', '2025-10-26T20:00+01:00', 25],
    ['America/New_York', '2025-03-09T20:00-04:00', 23],
    ['America/New_York', '2025-11-02T20:00-05:00', 25],
  ])('gives the day of a clock change its length: %s %s', (zone, now, hours) => {
    const [range] = readTime('today', Date.parse(now), createZoneClock(zone)).ranges
    expect((range!.to - range!.from) / hour).toBe(hours)
  })

  it('begins days at midnight and weeks on Monday, wherever the clock stands', () => {
    fc.assert(
      fc.property(fc.constantFrom(berlin, newYork, createZoneClock('Asia/Kathmandu')), moment, (clock, now) => {
        const day = (text: string) => readTime(text, now, clock).ranges[0]!
        const [today, yesterday, week] = [day('today'), day('yesterday'), day('last week')]
        expect(today.from).toBeLessThanOrEqual(now)
        expect(now).toBeLessThan(today.to)
        expect(yesterday.to).toBe(today.from)
        expect(clock.wallOf(today.from) % 1440).toBe(0)
        expect(clock.wallOf(week.to)).toBe(startOfWeek(clock.wallOf(now)))
        expect(new Date(clock.wallOf(week.from) * 60_000).getUTCDay()).toBe(1)
      }),
    )
  })
})

const moment = fc.integer({ min: Date.parse('2020-01-01'), max: Date.parse('2030-01-01') })

describe('createZoneClock', () => {
  it('gives back the instant it showed, or the other one of an hour that comes twice', () => {
    fc.assert(
      fc.property(fc.constantFrom(berlin, newYork), moment, (clock, instant) => {
        const minute = Math.floor(instant / 60_000) * 60_000
        const wall = clock.wallOf(minute)
        expect([clock.instantOf(wall), clock.instantOf(wall, true)]).toContain(minute)
      }),
    )
  })

  it('knows an hour that comes twice, and one that is skipped', () => {
    const twice = Date.UTC(2025, 9, 26, 2, 30) / 60_000
    expect(new Date(berlin.instantOf(twice)).toISOString()).toBe('2025-10-26T00:30:00.000Z')
    expect(new Date(berlin.instantOf(twice, true)).toISOString()).toBe('2025-10-26T01:30:00.000Z')
    const skipped = Date.UTC(2025, 2, 30, 2, 30) / 60_000
    expect(new Date(berlin.instantOf(skipped)).toISOString()).toBe('2025-03-30T01:30:00.000Z')
  })

  it('refuses a zone that is none, by name', () => {
    expect(() => createZoneClock('Moon/Tycho')).toThrow('timeZone is "Moon/Tycho"')
  })
})

describe('namedDays', () => {
  const told = Date.parse('2025-10-21T15:30+02:00')
  const days = (text: string) => namedDays(text, told, berlin).map(({ from, to }) => `${shown(from)} to ${shown(to)}`)

  it.each([
    ['My ticket to Rome: Wednesday 22 October, 7:14', ['2025-10-22T00:00 to 2025-10-23T00:00']],
    ['The train on the 22nd now leaves at 6:52', ['2025-10-22T00:00 to 2025-10-23T00:00']],
    ['A parcel waits until the 5th', ['2025-11-05T00:00 to 2025-11-06T00:00']],
    ['The crown is on 14 January', ['2026-01-14T00:00 to 2026-01-15T00:00']],
    ['It snowed on 3 February 2024', ['2024-02-03T00:00 to 2024-02-04T00:00']],
    ['The van has stood there since Saturday', []],
    ['Today the code is 4471', []],
    ['The seat is on the 2nd floor', []],
  ])('reads "%s" as %j', (text, expected) => {
    expect(days(text)).toEqual(expected)
  })
})

describe.each(['Pacific/Auckland', 'America/Los_Angeles'])('on a machine in %s', (zone) => {
  const own = process.env.TZ
  beforeEach(() => {
    process.env.TZ = zone
  })
  afterEach(() => {
    if (own === undefined) delete process.env.TZ
    else process.env.TZ = own
  })

  it('reads the same', () => {
    expect(read('the day before yesterday').ranges).toEqual(['2025-10-25T00:00 to 2025-10-26T00:00'])
    expect(read('on 16 October').ranges).toEqual(['2025-10-16T00:00 to 2025-10-17T00:00'])
    expect(read('on Saturday', '2025-10-27T00:10+01:00').ranges).toEqual(['2025-10-25T00:00 to 2025-10-26T00:00'])
  })
})
