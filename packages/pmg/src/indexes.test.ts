import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LexicalIndex } from './lexical-index'

describe('LexicalIndex', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 8 })

  it('scores as the formula says, through replacements and deletions', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.option(words)), { maxLength: 20 }), words, (changes, query) => {
        const index = new LexicalIndex()
        const plain = new Map<number, string[]>()
        for (const [slot, terms] of changes) {
          if (terms) index.put(slot, terms)
          else index.delete(slot)
          if (terms) plain.set(slot, terms)
          else plain.delete(slot)
        }
        const scores = index.search(query, () => true)
        for (const slot of plain.keys()) expect(scores.get(slot) ?? 0).toBeCloseTo(naiveBm25(plain, query, slot), 9)
        expect([...scores.keys()].every((slot) => plain.has(slot))).toBe(true)
      }),
    )
  })
})

function naiveBm25(documents: ReadonlyMap<number, string[]>, query: readonly string[], slot: number): number {
  const all = [...documents.values()]
  const average = all.reduce((sum, terms) => sum + terms.length, 0) / all.length
  let score = 0
  for (const term of new Set(query)) {
    const count = documents.get(slot)!.filter((each) => each === term).length
    const holding = all.filter((terms) => terms.includes(term)).length
    const rarity = Math.log(1 + (all.length - holding + 0.5) / (holding + 0.5))
    const length = average === 0 ? 1 : documents.get(slot)!.length / average
    if (count > 0) score += (rarity * count * 2.2) / (count + 1.2 * (0.25 + 0.75 * length))
  }
  return score
}
