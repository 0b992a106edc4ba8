import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinAskAt, parseAskAt, parseCount, parseDate, parsePositive, parseSeconds, parseSize } from './arguments'
import { bytes } from './format'

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

  it.each([
    ['512MB', 512_000_000],
    ['1.5GB', 1_500_000_000],
    ['100KB', 100_000],
    ['300MiB', 300 * 2 ** 20],
    ['2 tib', 2 ** 41],
    ['0.0015kb', 1],
    ['4096', 4096],
    ['4096B', 4096],
  ])('reads %s as a size', (text, size) => expect(parseSize(text)).toBe(size))

  it.each([
    '0',
    '0MB',
    '-5MB',
    '+5MB',
    'NaN',
    'Infinity',
    '5XB',
    '5M',
    '1e6',
    '1.5',
    '1.5B',
    '0.5B',
    '.5GB',
    '5.GB',
    '1,5GB',
    'MB',
    '',
  ])('refuses the size %j', (text) => expect(() => parseSize(text)).toThrow(`"${text}" is not a size above 0`))

  it('refuses sizes that cannot be counted', () => {
    for (const text of [`${'9'.repeat(20)}`, `${'9'.repeat(400)}GB`])
      expect(() => parseSize(text)).toThrow('is not a size')
  })

  it('reads the sizes that are shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (size) => {
        const shown = parseSize(bytes(size))
        expect(Math.abs(shown - size)).toBeLessThanOrEqual(size < 1000 ? 0 : size * 0.0501)
      }),
    )
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
