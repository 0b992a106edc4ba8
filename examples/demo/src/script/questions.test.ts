import { describe, expect, it } from 'vitest'
import { type DemoQuestion, isRightAnswer, normalizeText } from './questions'

const asked = (...accept: string[][]): DemoQuestion => ({ question: '?', answerable: true, accept })
const said = (text: string) => ({ text, answerable: true })

describe('isRightAnswer', () => {
  it('wants every string of one of the lists', () => {
    const question = asked(['TUE 24', '14:30'], ['24 November', '14:30'])
    expect(isRightAnswer(question, said('From the calendar: "TUE 24 14:30 Dentist"'))).toBe(true)
    expect(isRightAnswer(question, said('24 November at 14.30'))).toBe(true)
    expect(isRightAnswer(question, said('TUE 24'))).toBe(false)
    expect(isRightAnswer(question, said('14:30'))).toBe(false)
  })

  it('takes any separator between digits, and missing spaces', () => {
    expect(isRightAnswer(asked(['9.40']), said('TOTAL 9,40 EUR'))).toBe(true)
    expect(isRightAnswer(asked(['Level 3']), said('PARKING LEVEL3 ROW C'))).toBe(true)
    expect(isRightAnswer(asked(['LVD 5282']), said('plate LVD-5282.'))).toBe(true)
    expect(isRightAnswer(asked(['walnut96']), said('password: walnut 96'))).toBe(true)
    expect(isRightAnswer(asked(['Felix Brandt']), said('FelixBrandt'))).toBe(true)
    expect(isRightAnswer(asked(['TUE 24', '14:30']), said('TUE2414:30 Dentist'))).toBe(false)
  })

  it('never matches within a longer number or word', () => {
    expect(isRightAnswer(asked(['9.40']), said('19.40'))).toBe(false)
    expect(isRightAnswer(asked(['9.40']), said('9.405'))).toBe(false)
    expect(isRightAnswer(asked(['Box 1']), said('BOX 12'))).toBe(false)
    expect(isRightAnswer(asked(['22 May']), said('22 Mayor'))).toBe(false)
    expect(isRightAnswer(asked(['22 May']), said('122 May'))).toBe(false)
  })

  it('wants "I did not see that" exactly where nothing was shown', () => {
    const never: DemoQuestion = { question: '?', answerable: false, accept: [] }
    expect(isRightAnswer(never, { text: 'I did not see that.', answerable: false })).toBe(true)
    expect(isRightAnswer(never, said('On platform 4'))).toBe(false)
    expect(isRightAnswer(asked(['4']), { text: 'Platform 4', answerable: false })).toBe(false)
  })
})

describe('normalizeText', () => {
  it('keeps the point between digits alone', () => {
    expect(normalizeText('  Total: 9,40. Wi-Fi, 14 : 30!')).toBe('total 9.40 wi fi 14.30')
  })
})
