import { describe, expect, it } from 'vitest'
import { isSameText } from './resumed-texts'

describe('isSameText', () => {
  it.each([
    ['PARKING\nLEVEL 7\nROW K', 'PARKING\nLEVEL 7\nROWK'],
    ['Dentist appointment', 'Dentist appointment\nTuesday 14 May\n15:30'],
    ['Meeting with Anna\nRoom 4.12', 'Meetlng with Anna\nRoom 4.12'],
  ])('%j is %j', (a, b) => {
    expect(isSameText(a, b)).toBe(true)
    expect(isSameText(b, a)).toBe(true)
  })

  it.each([
    ['Meeting with Anna\nRoom 4.12', 'Meeting with Anna\nRoom 4.13'],
    ['LVD 5282', 'LVD 5262'],
    ['Bakery Lindner\nTotal 12.40', 'Parking level 2'],
  ])('%j is not %j', (a, b) => expect(isSameText(a, b)).toBe(false))
})
