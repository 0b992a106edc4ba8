import { describe, expect, it } from 'vitest'
import { formatSeconds } from '../evidence'
import { fallsOn } from './days'
import type { DocumentKind } from './lexicon'
import { findValues, fixDigits, type ValueType } from './values'
import { matchTerm, weightedDistance, wordsOf } from './words'

const find = (line: string, type: ValueType, kinds: DocumentKind[] = [], prose = false, labels: string[] = []) =>
  findValues(line, type, { kinds: new Set(kinds), prose, labels })

describe('matchTerm', () => {
  it.each([
    ['dentist', 'DENTlST'],
    ['bakery', 'Bakerv'],
    ['weber', 'DrWeber'],
    ['dentist', '15:30Dentist'],
    ['wifi', 'Guest Wl-Fi'],
    ['appointment', 'APPOINTrnENT'],
    ['parking', 'Par king'],
    ['pay', 'I paid 5 euros'],
    ['roll', 'Rolls'],
  ])('finds %j in %j', (term, text) => {
    expect(matchTerm(term, wordsOf(text))).toBeGreaterThanOrEqual(0.8)
  })

  it.each([
    ['train', 'Training'],
    ['train', 'Brain'],
    ['bread', 'Break'],
    ['park', 'part'],
    ['room', 'roof garden'],
    ['passport', 'password'],
    ['204', '205'],
  ])('does not find %j in %j', (term, text) => {
    expect(matchTerm(term, wordsOf(text))).toBe(0)
  })

  it('counts look-alike letters half', () => {
    expect([weightedDistance('bakery', 'bakerv'), weightedDistance('abc', 'abd'), weightedDistance('', 'ab')]).toEqual([
      0.5, 1, 2,
    ])
  })
})

describe('findValues', () => {
  it.each<[string, ValueType, string[]]>([
    ['15 :30 Dentist', 'clock', ['15:30']],
    ['l5:3O Dentist', 'clock', ['15:30']],
    ['Open 9:00-17:30', 'clock', ['9:00-17:30']],
    ['at 3 pm', 'clock', ['3 pm']],
    ['Tue 13', 'date', ['Tue 13']],
    ['Tuesday, 13 October 2026', 'date', ['Tuesday, 13 October 2026']],
    ['0ctober 5', 'date', ['October 5']],
    ['2026-10-13', 'date', ['2026-10-13']],
    ['you may go', 'date', []],
    ['Total EUR 12,50', 'money', ['EUR 12,50']],
    ['B-PS 1234', 'plate', ['B-PS 1234']],
    ['TOTAL18.15', 'plate', []],
    ['Tel. 030 555 7788', 'phone', ['030 555 7788']],
    ['Dr.Weber', 'person', ['Dr.Weber']],
    ['Lena Hoffmann', 'person', ['Lena Hoffmann']],
    ['Quarry Systems', 'person', []],
    ['RowC', 'place', ['Row C']],
    ['3 times daily', 'frequency', ['3 times daily']],
  ])('reads %j as %s', (line, type, values) => {
    expect(find(line, type)).toEqual(values)
  })

  it('takes a bare amount for money on a receipt only', () => {
    expect(find('Bread 3.2O', 'money', ['receipt'])).toEqual(['3.20'])
    expect(find('Bread 3.20', 'money')).toEqual([])
    expect(find('Bread 3.20', 'clock', ['receipt'])).toEqual([])
  })

  it('keeps to the label that was asked for', () => {
    expect(find('2nd floor Room 204', 'place', [], false, ['room'])).toEqual(['Room 204'])
    expect(find('in the top drawer', 'place', [], true)).toEqual(['in the top drawer'])
  })

  it('leaves letters that are letters', () => {
    expect(fixDigits('Bill Sobol B12 OK')).toBe('Bill Sobol B12 OK')
  })
})

describe('fallsOn', () => {
  const now = new Date(2026, 9, 13, 9).getTime()
  const day = 86_400_000
  it.each([
    ['Tue 13', true],
    ['Mon 13', false],
    ['13 October', true],
    ['October 13 2025', false],
    ['13.10.', true],
    ['2026-10-13', true],
    ['2026-10-14', false],
    ['tomorrow', true],
    ['today', false],
    ['Tuesday', true],
    ['October', false],
  ])('%j, learned the day before: %s', (date, expected) => {
    expect(fallsOn(date, now, now - day)).toBe(expected)
  })
})

it('formats seconds', () => {
  expect([0, 59.9, 61, 3661].map(formatSeconds)).toEqual(['0:00', '0:59', '1:01', '1:01:01'])
})
