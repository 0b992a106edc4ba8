import { describe, expect, it } from 'vitest'
import { joinAskAt, parseAskAt, parseCount, parseDate, parsePositive, parseSeconds } from './arguments'

describe('arguments', () => {
  it.each([
    ['12.5', 12.5],
    ['0', 0],
    ['1:02', 62],
    ['0:00.5', 0.5],
    ['1:00:01', 3601],
  ])('reads %s as seconds', (text, seconds) => expect(parseSeconds(text)).toBe(seconds))

  it.each(['', ' ', '-1', '1:', ':5', '1::2', '1:2:3:4', 'NaN', 'Infinity', '0x10', 'soon'])('refuses %j', (text) =>
    expect(() => parseSeconds(text)).toThrow(`"${text}" is not a time`),
  )

  it.each(['0', '-1', 'NaN', 'Infinity', 'many', ''])('refuses %j as a number', (text) => {
    expect(() => parsePositive(text)).toThrow(`"${text}" is not a number above 0`)
    expect(() => parseCount(text)).toThrow(`"${text}" is not a whole number above 0`)
  })

  it('reads dates', () => {
    expect(parseDate('2026-05-17T14:30:00+02:00')).toEqual(new Date('2026-05-17T12:30:00Z'))
    expect(parseDate('2026-05-17')).toEqual(new Date('2026-05-17T00:00:00Z'))
  })

  it.each(['17.05.2026', '2026', '2026-13-01', '2026-02-31', '2026-02-31T10:00:00Z', '2026-05-17 noon', 'now'])(
    'refuses the date %s',
    (text) => expect(() => parseDate(text)).toThrow(`"${text}" is not a date`),
  )

  it('takes time and question of --ask-at together', () => {
    const argv = joinAskAt(['run', 'a.mp4', '--ask-at', '0:30', 'What is\nthere?', '--json'])
    expect(argv).toEqual(['run', 'a.mp4', '--ask-at', '0:30\tWhat is\nthere?', '--json'])
    expect(parseAskAt(argv[3]!)).toEqual({ question: 'What is\nthere?', atSeconds: 30 })
    expect(joinAskAt(['--ask-at', '5', '--json'])).toEqual(['--ask-at', '5', '--json'])
    expect(joinAskAt(['--ask-at'])).toEqual(['--ask-at'])
    expect(() => parseAskAt('5')).toThrow('Give a time and a question')
  })
})
