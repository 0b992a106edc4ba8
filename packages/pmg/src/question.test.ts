import { describe, expect, it } from 'vitest'
import { readQuestion } from './question'
import { createZoneClock } from './zone-clock'

const clock = createZoneClock('Europe/Berlin')
const now = Date.parse('2025-10-27T18:05+01:00')
const read = (text: string, fits = true) => readQuestion(text, now, clock, () => fits)

describe('readQuestion', () => {
  it.each([
    ['Do you remember the last time you lost your keys?', 'I lost my keys?'],
    ['What were you doing in your garden?', 'What was I doing in my garden?'],
    ['Remind me where the drill is', 'where the drill is'],
    ['bike lock number', 'bike lock number'],
  ])('tells "%s" as the person would', (text, about) => {
    expect(read(text)).toMatchObject({ words: text, about })
  })

  it.each([
    ['What did I buy on Saturday?', 'event', 'What did I buy?'],
    ['Where was my car on Saturday?', 'state', 'Where was my car?'],
    ['What did I think the fee was on Saturday?', 'state', 'What did I think the fee was?'],
    ['What was I doing on Saturday?', 'event', 'What was I doing?'],
    ['What was in the post on Saturday?', 'event', 'What was in the post?'],
  ])('takes the time out of "%s", and tells events from states', (text, asks, words) => {
    const reading = read(text)
    expect(reading).toMatchObject({ asks, words })
    expect(reading.ranges.length).toBe(1)
  })

  it('keeps the words of times that no memory is of, and of plans', () => {
    expect(read('What did I buy on Saturday?', false)).toMatchObject({
      ranges: [],
      words: 'What did I buy on Saturday?',
    })
    expect(read('What do I have to do on Saturday?')).toMatchObject({
      ranges: [],
      words: 'What do I have to do on Saturday?',
    })
    expect(read('yesterday?')).toMatchObject({ ranges: [], words: 'yesterday?' })
  })

  it.each([
    ['Where is my passport now?', 'newest'],
    ['What was the price at first?', 'oldest'],
    ['What was it called before they changed it?', 'previous'],
  ])('knows which value "%s" wants', (text, value) => {
    expect(read(text).value).toBe(value)
  })

  it.each([
    ['Where did I go after the concert?', 'after', 'the concert', 'Where did I go'],
    ['Where did we sing before the hall burnt down?', 'before', 'the hall burnt down', 'Where did we sing'],
    ['When I came home, what was in the post?', 'around', 'I came home', 'what was in the post?'],
  ])('hangs "%s" on an event', (text, side, words, rest) => {
    expect(read(text).anchor).toEqual({ side, words, rest, leaving: false, extent: undefined })
  })

  it.each([
    ['What was the code in the week I was in Rome?', 'I was in Rome', { unit: 'week', which: 'first' }],
    ['How did I spend my last evening in Rome?', 'in Rome', { unit: 'evening', which: 'last' }],
    ['What happened in the night when it snowed?', 'it snowed', { unit: 'night', which: 'first' }],
  ])('widens the event of "%s" to what it names', (text, words, extent) => {
    expect(read(text).anchor).toMatchObject({ side: 'around', words, extent })
  })

  it('takes coming back from a place for the end of a stay', () => {
    expect(read('What did I find when I came home from Rome?').anchor).toMatchObject({
      side: 'after',
      leaving: true,
      words: 'I was in Rome',
    })
    expect(read('What did I do when the letter came from the bank?').anchor).toMatchObject({ leaving: false })
    expect(read('What did I find before I came back from Rome?').anchor).toMatchObject({ side: 'before' })
  })

  it('takes "before it changed" for no event, and leaves it out of the words', () => {
    expect(read('Which code opened the gate before it was changed?')).toMatchObject({
      words: 'Which code opened the gate',
      value: 'previous',
      anchor: undefined,
    })
  })

  it.each([
    'When is my train?',
    'Where do I keep the ring?',
    'What did I drop while driving?',
    'Which nuts must I leave out when I bake?',
    'Who feeds the cat when I go away?',
  ])('hangs "%s" on none', (text) => {
    expect(read(text).anchor).toBeUndefined()
  })

  it('knows the hours of meals and parts of the day', () => {
    expect(read('What did I have for lunch?').hours).toEqual({ from: 660, to: 900, meal: true })
    expect(read('What do I take in the evening?').hours).toEqual({ from: 1020, to: 1440, meal: false })
    expect(read('What did I have?').hours).toBeUndefined()
  })
})
