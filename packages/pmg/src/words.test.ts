import { describe, expect, it } from 'vitest'
import { nearWordsKey, sameWordsKey, searchTerms } from './words'

describe('searchTerms', () => {
  it('folds case, accents and inflection, leaves stop words out', () => {
    expect(searchTerms("Where did I park? Anna's cars, the CAFÉ")).toEqual(['park', 'anna', 'car', 'cafe'])
  })

  it('keeps numbers whole and in parts', () => {
    expect(searchTerms('at 14:30 for €4.20, plate B-XY 123')).toEqual([
      '14:30',
      '14',
      '30',
      '4.20',
      '4',
      '20',
      'plate',
      'b',
      'xy',
      '123',
    ])
  })

  it('reads other scripts', () => {
    expect(searchTerms('東京駅 Москва Ελλάδα')).toEqual(['東京', '京駅', 'москва', 'ελλαδα'])
  })
})

describe('sameWordsKey', () => {
  it('ignores case, white space and closing punctuation only', () => {
    expect(sameWordsKey(' Open  24 Hours! ')).toBe(sameWordsKey('open 24 hours'))
    expect(sameWordsKey('Open?')).not.toBe(sameWordsKey('Open'))
    expect(sameWordsKey('10²')).not.toBe(sameWordsKey('102'))
  })
})

describe('nearWordsKey', () => {
  it('ignores articles, fillers and inflection', () => {
    expect(nearWordsKey('I wear a black jacket.')).toBe(nearWordsKey('I wear black jackets'))
  })

  it.each([
    ['1.5 l', '15 l'],
    ['not open', 'open'],
    ['call Anders', 'call Ander'],
    ['5%', '5'],
    ['A before B', 'B before A'],
  ])('keeps "%s" from "%s"', (a, b) => {
    expect(nearWordsKey(a)).not.toBe(nearWordsKey(b))
  })
})
