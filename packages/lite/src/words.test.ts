import { describe, expect, it } from 'vitest'
import { toWords } from './words'

const read = (text: string, confidence = 1) =>
  toWords([...text].map((character, step) => ({ character, confidence, step })))
    .map((word) => word.text)
    .join(' ')

describe('toWords', () => {
  it.each([
    ['Dr. Miller', 'Dr. Miller'],
    ['ASPIRIN500mg', 'ASPIRIN 500mg'],
    ['SPEEDLIMIT30', 'SPEEDLIMIT 30'],
    ['500mgtablets', '500mg tablets'],
    ['12March2025', '12 March 2025'],
    ['May12', 'May 12'],
    ['FRI15', 'FRI 15'],
    ['MON 1113:10', 'MON 11 13:10'],
    ['Total:12.50', 'Total: 12.50'],
    ['Total$12.50', 'Total $12.50'],
    ['DentistMonday', 'Dentist Monday'],
    ['Closed.Please', 'Closed. Please'],
    ['Room4.12', 'Room 4.12'],
    ['Ro0m 10 de1ta', 'Room 10 delta'],
  ])('parts %s as %s', (given, wanted) => expect(read(given)).toBe(wanted))

  it.each([
    '500mg',
    'B12',
    '30th',
    '10:30',
    '5pm',
    'KX72',
    'A4',
    'www.shop.com',
    'a@b.org',
    '12,50',
    'McDonald',
    'iPhone',
  ])('leaves %s whole', (text) => expect(read(text)).toBe(text))

  it('gives each word the mean probability of its characters', () => {
    const characters = [...'ab c'].map((character, step) => ({ character, step, confidence: step === 0 ? 0.5 : 1 }))
    expect(toWords(characters)).toEqual([
      { text: 'ab', confidence: 0.75 },
      { text: 'c', confidence: 1 },
    ])
  })

  it('has no words without characters', () => expect(toWords([])).toEqual([]))
})
