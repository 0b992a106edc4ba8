import { describe, expect, it } from 'vitest'
import { captionOf, memoryOf, momentOf, morning } from '../test/fixtures'
import { createQuietPolicy } from './quiet-policy'

const milk = memoryOf({ text: 'Remember to buy milk.', origin: 'told' })
const book = memoryOf({ text: 'I need to return the book to Anna.', origin: 'told' })
const calendar = memoryOf({ text: 'OCTOBER\nTue 13\n15:30 Dentist Dr Weber\nWed 14\n18:00 Yoga' })

describe('createQuietPolicy', () => {
  it.each([
    [milk, 'WHOLE MILK 1.29'],
    [milk, 'CITY SUPERMARKET'],
    [book, 'HELLO my name is\nAnna Weber'],
    [calendar, 'Dr. A. Weber\nDENTlST'],
  ])('speaks of what belongs to the moment, citing it (%#)', async (memory, words) => {
    const speech = await createQuietPolicy().consider(momentOf([captionOf(words)], [memory]))
    expect(speech).toMatchObject({ kind: 'spoke', citations: [{ memoryId: memory.id, text: memory.text }] })
  })

  it.each([
    ['a thing of a reminder that names a person', book, captionOf('a book')],
    ['a reminder read on a wall', memoryOf({ text: 'Remember to buy milk.' }), captionOf('MILK')],
    ['a plain fact', memoryOf({ text: 'I like milk.', origin: 'told' }), captionOf('MILK')],
    ['an appointment of tomorrow', calendar, captionOf('YOGA studio')],
    ['the same page once more', calendar, captionOf('OCT0BER\nTue 13\n15:30 Dentist Dr Weber\nWed 14\n18:00 Yoga')],
    ['words that are not sure', milk, captionOf('MILK', 0.4)],
    ['another word', milk, captionOf('silk scarf')],
  ])('is silent at %s', async (_, memory, caption) => {
    expect(await createQuietPolicy().consider(momentOf([caption], [memory]))).toMatchObject({ kind: 'silent' })
  })

  it('reminds of an appointment told as tomorrow, on that day only', async () => {
    const told = memoryOf({ text: 'I have a dentist appointment tomorrow.', origin: 'told' })
    const today = { ...told, learnedAt: morning }
    const sign = [captionOf('DENTIST')]
    expect(await createQuietPolicy().consider(momentOf(sign, [told]))).toMatchObject({ kind: 'spoke' })
    expect(await createQuietPolicy().consider(momentOf(sign, [today]))).toMatchObject({ kind: 'silent' })
  })
})

describe('the budget of a quiet policy', () => {
  const moment = (index: number, minutes: number) =>
    momentOf(
      [captionOf('MILK')],
      [memoryOf({ text: 'Remember to buy milk.', origin: 'told', id: `${index}` })],
      minutes,
    )

  it('keeps a gap, then spends the hour, then the day', async () => {
    const policy = createQuietPolicy({ perHour: 2, perDay: 3 })
    const outcomes = []
    for (const [index, minutes] of [0, 1, 3, 10, 63, 200, 1441].entries()) {
      const speech = await policy.consider(moment(index, minutes))
      outcomes.push(speech.kind === 'silent' ? speech.reason : speech.kind)
    }
    const [hour, day] = ['the budget of this hour is spent', 'the budget of this day is spent']
    expect(outcomes).toEqual(['spoke', 'spoke a moment ago', 'spoke', hour, 'spoke', day, 'spoke'])
  })

  it('tells a memory once in its window, and never once dismissed', async () => {
    const policy = createQuietPolicy()
    expect((await policy.consider(moment(0, 0))).kind).toBe('spoke')
    expect(await policy.consider(moment(0, 60))).toMatchObject({ kind: 'silent', reason: 'already told, or dismissed' })
    expect((await policy.consider(moment(0, 1441))).kind).toBe('spoke')
    policy.dismiss('0')
    expect((await policy.consider(moment(0, 5000))).kind).toBe('silent')
  })

  it('is silent in quiet hours, also across midnight', async () => {
    const reason = 'these are quiet hours'
    for (const quietHours of [
      { start: 8, end: 10 },
      { start: 22, end: 9.5 },
    ])
      expect(await createQuietPolicy({ quietHours }).consider(moment(0, 0))).toMatchObject({ kind: 'silent', reason })
    expect((await createQuietPolicy({ quietHours: { start: 22, end: 9 } }).consider(moment(0, 0))).kind).toBe('spoke')
  })

  it.each([
    [{ minMatch: 0 }, 'minMatch is 0'],
    [{ minMatch: 2 }, 'minMatch is 2'],
    [{ perHour: -1 }, 'perHour is -1'],
    [{ minGapSeconds: Number.NaN }, 'minGapSeconds is NaN'],
    [{ quietHours: { start: 25, end: 1 } }, 'quietHours.start is 25'],
  ])('refuses %j', (options, message) => {
    expect(() => createQuietPolicy(options)).toThrow(new RegExp(`^${message}`))
  })
})
