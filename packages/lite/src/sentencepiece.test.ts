import { describe, expect, it } from 'vitest'
import { createUnigramTokenizer } from './sentencepiece'

const reserved = Array.from({ length: 6 }, (_, i) => [i === 0 ? '\ufffd' : `<${i}>`, 0] as const)
const pieces = ['\u2581', 'a', 'b', 'ab', '\u2581ab', 'c', 'abc'] as const
const tokenizer = (...scores: (number | null)[]) =>
  createUnigramTokenizer([...reserved, ...pieces.map((piece, i) => [piece, scores[i] ?? -9] as const)])
const name = (ids: number[]) => ids.map((id) => pieces[id - 6] ?? '?').join(' ')

describe('createUnigramTokenizer', () => {
  it('takes the split of the highest sum', () => {
    expect(name(tokenizer(-1, -2, -2, -9, -9, -2, -9)('abc'))).toBe('\u2581 a b c')
    expect(name(tokenizer(-1, -9, -9, -9, -2, -1, -9)('abc'))).toBe('\u2581ab c')
    expect(name(tokenizer(-1, -9, -9, -9, -9, -9, -3)('abc'))).toBe('\u2581 abc')
  })

  it('turns a run of unknown characters into one id 0', () => {
    expect(tokenizer(-1, -2, -2)('xyz a')).toEqual([6, 0, 6, 7])
    expect(tokenizer(-1, -2, -2)('\u{1f642}a')).toEqual([6, 0, 7])
  })

  it('normalises, keeps every space, and gives nothing for nothing', () => {
    expect(name(tokenizer(-1, -2, -2)('\uff41  b'))).toBe('\u2581 a \u2581 \u2581 b')
    expect(tokenizer()('')).toEqual([])
  })
})
