import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { align, comparable, similarity } from './text-alignment'

const word = fc.string({ unit: fc.constantFrom(...'abc12'), maxLength: 9 })

/** Edits by the plain recursion. */
function edits(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const both = edits(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1)
  return Math.min(both, edits(a.slice(1), b) + 1, edits(a, b.slice(1)) + 1)
}

describe('align', () => {
  it('has as few edits as any alignment, and holds every place once, in order', () => {
    const small = fc.string({ unit: fc.constantFrom(...'abc'), maxLength: 5 })
    fc.assert(
      fc.property(small, small, (a, b) => {
        const pairs = align(a, b)
        expect(pairs.map(([i]) => i).filter((i) => i >= 0)).toEqual([...a].map((_, i) => i))
        expect(pairs.map(([, j]) => j).filter((j) => j >= 0)).toEqual([...b].map((_, j) => j))
        expect(pairs.filter(([i, j]) => i < 0 || j < 0 || a[i] !== b[j])).toHaveLength(edits(a, b))
      }),
    )
  })

  it('lines up letters that differ in case only', () =>
    expect(align('Ab', 'ab')).toEqual([
      [0, 0],
      [1, 1],
    ]))
})

describe('similarity', () => {
  it('is 1 for the same, within 0..1, and symmetric', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const value = similarity(a, b)
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1)
        expect(similarity(b, a)).toBeCloseTo(value, 5)
        expect(similarity(a, a)).toBe(1)
      }),
    )
  })

  it('counts a line that was cut off by what is there of it', () => {
    expect(similarity('tuesday 14', 'tuesday 14 march 10 30')).toBeCloseTo(0.95)
    expect(similarity('om235', 'room 235')).toBeCloseTo(0.76)
    expect(similarity('room', 'meeting room 4')).toBeLessThan(0.5)
  })

  it('leaves out case and punctuation', () => expect(comparable('  Dr. MILLER: 10:30!')).toBe('dr miller 10 30'))
})
