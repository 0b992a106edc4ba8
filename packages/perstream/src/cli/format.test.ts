import { describe, expect, it } from 'vitest'
import { bytes, clock, number, oneLine, range, sourceName, wrap } from './format'

describe('format', () => {
  it('writes seconds as a clock', () => expect([0, 61.9, 3600].map(clock)).toEqual(['0:00', '1:01', '1:00:00']))

  it('writes a range, and a moment as one', () => {
    expect(range({ source: 'a', startSeconds: 3.2, endSeconds: 75, frames: [] })).toBe('0:03 to 1:15')
    expect(range({ source: 'a', startSeconds: 3.2, endSeconds: 3.9, frames: [] })).toBe('0:03')
    expect(range({ source: 'a', startSeconds: 0, endSeconds: 0, frames: [0] })).toBe('0:00')
    expect(range({ source: 'mem0', startSeconds: 0, endSeconds: 0, frames: [] })).toBe('')
  })

  it('puts signs on one line, without what steers a terminal', () => {
    expect(oneLine('Row C \n Level 2')).toBe('Row C / Level 2')
    expect(oneLine('a\u001b[31mb')).toBe('a [31mb')
  })

  it('breaks lines between words, under their column', () => {
    expect(wrap('  0:01  one two three four', { columns: 16, indent: 8 })).toBe(
      '  0:01  one two\n        three\n        four',
    )
    expect(wrap('  0:01  antidisestablishment', { columns: 16, indent: 8 })).toBe(
      '  0:01\n        antidisestablishment',
    )
    expect(wrap('one two', { columns: Number.POSITIVE_INFINITY, indent: 2 })).toBe('one two')
  })

  it('writes sizes and numbers', () => {
    expect([0, 999, 1000, 1234, 999_940, 999_960, 512e6, 1.25e12].map(bytes)).toEqual([
      ...['0 B', '999 B', '1.0 KB', '1.2 KB', '999.9 KB', '1.0 MB', '512.0 MB', '1250.0 GB'],
    ])
    expect([12, 12345].map(number)).toEqual(['12', '12,345'])
  })

  it('names a file without its hash', () => {
    expect(sourceName('walk.mp4#0123456789ab')).toBe('walk.mp4')
    expect(sourceName('http://host/#live')).toBe('http://host/#live')
  })
})
