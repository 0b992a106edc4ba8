import { describe, expect, it } from 'vitest'
import { decodeCtc, latinAlphabet } from './ctc'

const keys = ['a', 'b', '漢', '‘']
const alphabet = latinAlphabet(keys)

/** One row a step over the classes blank, a, b, 漢, quote and space. */
const decode = (...rows: readonly (readonly number[])[]) =>
  decodeCtc({ type: 'float32', shape: [1, rows.length, 6], data: Float32Array.from(rows.flat()) }, alphabet)
const text = (...rows: readonly (readonly number[])[]) =>
  decode(...rows)
    .map(({ character }) => character)
    .join('')

const blank = [1, 0, 0, 0, 0, 0]
const a = [0, 0.75, 0, 0, 0, 0]
const b = [0, 0, 0.75, 0, 0, 0]

describe('latinAlphabet', () => {
  it('keeps Latin characters and the space behind the list, counted after the blank, quotes made plain', () =>
    expect(alphabet).toEqual({ classes: [1, 2, 4, 5], characters: ['a', 'b', "'", ' '] }))
})

describe('decodeCtc', () => {
  it('joins repeats and keeps doubles that a blank parts', () => {
    expect(text(a, a, b)).toBe('ab')
    expect(text(a, blank, a)).toBe('aa')
    expect(text(blank)).toBe('')
  })

  it('takes the highest probability of the steps a character spans, and where that was', () => {
    const [first] = decode([0.25, 0.5, 0, 0, 0, 0], a)
    expect(first).toEqual({ character: 'a', confidence: 0.75, step: 1 })
  })

  it('reads the best Latin class where another script wins, with what is left of its probability', () => {
    expect(decode([0.0625, 0.25, 0, 0.625, 0, 0])).toEqual([{ character: 'a', confidence: 0.25, step: 0 }])
  })

  it('puts back a blank that hides in a wide gap, and none elsewhere', () => {
    const hidden = [0.75, 0, 0, 0, 0, 0.125]
    expect(text(a, b, a, blank, blank, b)).toBe('abab')
    expect(text(a, b, a, blank, hidden, b)).toBe('aba b')
    expect(text(a, blank, hidden, b)).toBe('a b')
    expect(text(a, hidden, b)).toBe('ab')
    const faint = [0.75, 0, 0, 0, 0, 0.03125]
    expect(text(a, b, a, blank, faint, b)).toBe('aba b')
    expect(text(a, blank, faint, b)).toBe('ab')
  })
})
