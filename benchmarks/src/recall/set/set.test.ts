import { describe, expect, it } from 'vitest'
import { type RecallKind, type RecallQuestion, recallSet } from './index'

const { memories, questions, zone } = recallSet
const byId = new Map(memories.map((memory) => [memory.id, memory]))
const DAY = 24 * 60 * 60 * 1000
/** The first instant of Monday 13 October, and the one after Sunday 2 November: three local weeks and one hour. */
const START = Date.parse('2025-10-13T00:00:00+02:00')
const END = Date.parse('2025-11-03T00:00:00+01:00')
const COUNTS: Record<RecallKind, number> = {
  fact: 18,
  current: 16,
  past: 12,
  time: 16,
  place: 8,
  alias: 10,
  unseen: 20,
}

const STOP_WORDS = new Set(
  (
    'a about after again all also am an and any are as at be been before but by can could did do does for from get go ' +
    'got had has have he her here him his how i if in into is it its just may me more much must my no not now of off on ' +
    'one or our out over she should so some than that the their them then there they this to too until up us was we ' +
    'were what when where which while who whom whose will with would you your'
  ).split(' '),
)

/** Returns the words that carry meaning, lower case, in order. */
function contentWords(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return words.filter((word) => word.length > 1 && !STOP_WORDS.has(word))
}

/** Returns the length of the longest run of words that both have. */
function longestSharedRun(left: readonly string[], right: readonly string[]): number {
  let longest = 0
  for (let i = 0; i < left.length; i++) {
    for (let j = 0; j < right.length; j++) {
      let run = 0
      while (i + run < left.length && left[i + run] === right[j + run]) run++
      longest = Math.max(longest, run)
    }
  }
  return longest
}

/** Returns the offset of the zone at an instant as ISO 8601 writes it, such as '+02:00'. */
function zoneOffset(instant: number): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'longOffset' })
  const name = format.formatToParts(instant).find((part) => part.type === 'timeZoneName')?.value
  return name?.replace('GMT', '') ?? ''
}

function plain(text: string): string {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ')
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1).padStart(3, '0')}`)
}

function ofKind(kind: RecallKind): RecallQuestion[] {
  return questions.filter((question) => question.kind === kind)
}

describe('memories of the recall set', () => {
  it('are 300, numbered in order of time, no two at one instant', () => {
    expect(memories.map((memory) => memory.id)).toEqual(numbered('m', 300))
    const instants = memories.map((memory) => Date.parse(memory.at))
    const outOfOrder = memories.filter((_, index) => index > 0 && instants[index]! <= instants[index - 1]!)
    expect(outOfOrder).toEqual([])
  })

  it('lie within the three weeks, on every day of them', () => {
    const outside = memories.filter(({ at }) => Date.parse(at) < START || Date.parse(at) >= END)
    expect(outside).toEqual([])
    expect(new Set(memories.map(({ at }) => at.slice(0, 10))).size).toBe(21)
  })

  it('cross the clock change, with local times that come twice', () => {
    const night = memories.filter(({ at }) => at.startsWith('2025-10-26T02:')).map(({ at }) => at.slice(16))
    expect(new Set(night)).toEqual(new Set(['+02:00', '+01:00']))
  })

  it('have no text twice', () => {
    expect(new Set(memories.map(({ text }) => plain(text))).size).toBe(memories.length)
  })
})

describe('questions of the recall set', () => {
  it('are 100, of the kinds the head of the set names', () => {
    expect(questions.map((question) => question.id)).toEqual(numbered('q', 100))
    const counts = Object.fromEntries(Object.keys(COUNTS).map((kind) => [kind, ofKind(kind as RecallKind).length]))
    expect(counts).toEqual(COUNTS)
    expect(new Set(questions.map(({ text }) => plain(text))).size).toBe(questions.length)
  })

  it('are asked after the first memory and at most four weeks after the last day, in the middle too', () => {
    const instants = questions.map((question) => Date.parse(question.askedAt))
    expect(Math.min(...instants)).toBeGreaterThan(Date.parse(memories[0]!.at))
    expect(Math.max(...instants)).toBeLessThan(END + 28 * DAY)
    expect(instants.filter((instant) => instant < END).length).toBeGreaterThanOrEqual(20)
  })

  it.each(questions)('$id has relevant memories that exist and were learnt before it was asked', (question) => {
    expect([...new Set(question.relevant)].sort()).toEqual(question.relevant)
    for (const id of question.relevant) {
      const memory = byId.get(id)
      expect(memory, id).toBeDefined()
      expect(Date.parse(memory!.at), id).toBeLessThan(Date.parse(question.askedAt))
    }
  })

  it('have one to five relevant memories if answerable, else none, and only unseen ones are not', () => {
    for (const { id, kind, answerable, relevant } of questions) {
      expect(answerable, id).toBe(kind !== 'unseen')
      expect(relevant.length, id).toBeLessThanOrEqual(5)
      expect(relevant.length > 0, id).toBe(answerable)
    }
  })

  it('are near misses for half of the unseen ones, and for no other', () => {
    expect(ofKind('unseen').filter((question) => question.nearMiss)).toHaveLength(10)
    expect(questions.filter((question) => question.nearMiss)).toHaveLength(10)
  })

  it('name the moment they are about if they ask for the past, and only then', () => {
    for (const { id, kind, asOf, askedAt } of questions) {
      expect(asOf !== undefined, id).toBe(kind === 'past')
      if (asOf !== undefined) expect(Date.parse(asOf), id).toBeLessThan(Date.parse(askedAt))
    }
  })

  it('share no four content words in a row with a relevant memory', () => {
    const copied = questions.flatMap((question) =>
      question.relevant
        .map((id) => byId.get(id)!)
        .filter((memory) => longestSharedRun(contentWords(question.text), contentWords(memory.text)) >= 4)
        .map((memory) => `${question.id} ${memory.id}`),
    )
    expect(copied).toEqual([])
  })

  it('have two with a typing error', () => {
    expect(questions.filter(({ note }) => note?.includes('typo on purpose'))).toHaveLength(2)
  })

  it('share no content word at all with any relevant memory in at least 20 cases', () => {
    const unlike = questions.filter(({ answerable, relevant, text }) => {
      const words = contentWords(text)
      return answerable && relevant.every((id) => longestSharedRun(words, contentWords(byId.get(id)!.text)) === 0)
    })
    expect(unlike.length).toBeGreaterThanOrEqual(20)
  })
})

it('the recall set states every time with the offset of its zone', () => {
  const times = [
    ...memories.map(({ at }) => at),
    ...questions.flatMap(({ askedAt, asOf }) => [askedAt, asOf ?? askedAt]),
  ]
  const wrong = times.filter((time) => !time.endsWith(zoneOffset(Date.parse(time))) || Number.isNaN(Date.parse(time)))
  expect(wrong).toEqual([])
})

it('the recall set has as many memories that answer a question as its head says', () => {
  expect(new Set(questions.flatMap(({ relevant }) => relevant)).size).toBe(132)
})
