import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LexicalIndex } from './lexical-index'
import { SlotSet } from './slot-set'

const words = fc.array(fc.constantFrom('alpha', 'beta', 'gamma', 'delta', 'x1'), { maxLength: 8 })
const change = fc.tuple(fc.nat(70), fc.option(words))

describe('LexicalIndex', () => {
  it('scores as the formula says, through replacements and deletions, among the allowed', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), words, fc.array(fc.nat(70)), (changes, query, allowed) => {
        const { index, plain } = filled(changes)
        const asked = [...new Set(query)].map((term) => ({ term, weight: 1, asked: true }))
        const { top, scoreOf } = index.search(asked, 3)
        for (const slot of plain.keys()) expect(scoreOf(slot)).toBeCloseTo(naiveBm25(plain, query, slot), 4)
        const scored = [...plain.keys()].filter((slot) => naiveBm25(plain, query, slot) > 0)
        expect(top.length).toBe(Math.min(3, scored.length))
        const worst = top.at(-1)?.score ?? 0
        const better = scored.filter((slot) => naiveBm25(plain, query, slot) > worst + 1e-4)
        expect(better.every((slot) => top.some((match) => match.slot === slot))).toBe(true)
        const some = index.search(asked, 100, new SlotSet(allowed))
        expect(new Set(some.top.map(({ slot }) => slot))).toEqual(
          new Set(scored.filter((slot) => allowed.includes(slot))),
        )
      }),
    )
  })

  it('knows which terms there are, and what they look like', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const { index, plain } = filled(changes)
        for (const term of ['alpha', 'beta', 'gamma', 'delta', 'x1']) {
          const holding = [...plain].filter(([, terms]) => terms.includes(term)).map(([slot]) => slot)
          expect(index.frequency(term)).toBe(holding.length)
          expect(index.occurs(term, new SlotSet([0, 1, 2]))).toBe(holding.some((slot) => slot <= 2))
        }
        expect(index.lookAlikes('alpah', 3)).toEqual(index.frequency('alpha') > 0 ? ['alpha'] : [])
      }),
    )
  })
})

function filled(changes: readonly (readonly [number, readonly string[] | null])[]) {
  const index = new LexicalIndex()
  const plain = new Map<number, readonly string[]>()
  for (const [slot, terms] of changes) {
    const known = plain.get(slot)
    if (known) index.delete(slot, known)
    plain.delete(slot)
    if (!terms) continue
    index.put(slot, terms)
    plain.set(slot, terms)
  }
  return { index, plain }
}

function naiveBm25(documents: ReadonlyMap<number, readonly string[]>, query: readonly string[], slot: number): number {
  const all = [...documents.values()]
  const average = all.reduce((sum, terms) => sum + terms.length, 0) / all.length
  let score = 0
  for (const term of new Set(query)) {
    const count = documents.get(slot)!.filter((each) => each === term).length
    const holding = all.filter((terms) => terms.includes(term)).length
    const rarity = Math.log(1 + (all.length - holding + 0.5) / (holding + 0.5))
    const length = average === 0 ? 1 : documents.get(slot)!.length / average
    if (count > 0) score += (rarity * count * 2.2) / (count + 1.2 * (0.75 + 0.25 * length))
  }
  return score
}
