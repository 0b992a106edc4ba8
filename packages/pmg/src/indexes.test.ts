import { createRandom, dot } from '@perstream/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LexicalIndex } from './lexical-index'
import { VectorIndex } from './vector-index'

describe('VectorIndex', () => {
  it('scores as plain dot products do, through writes and deletions over several segments', () => {
    const random = createRandom(11)
    const make = () => Float32Array.from({ length: 7 }, () => random.gaussian())
    const index = new VectorIndex(7)
    const plain = new Map<number, Float32Array>()
    for (let i = 0; i < 6000; i++) {
      const slot = random.integer(0, 3000)
      if (random.next() < 0.3) index.delete(slot)
      if (!index.get(slot)) plain.delete(slot)
      if (random.next() < 0.5) continue
      const vector = make()
      index.put(slot, vector)
      plain.set(slot, vector)
    }
    const query = make()
    const scores = index.search(query, (slot) => slot % 3 !== 0)
    expect(index.count).toBe(plain.size)
    scores.forEach((score, slot) => {
      const vector = slot % 3 === 0 ? undefined : plain.get(slot)
      if (vector) expect(score).toBeCloseTo(dot(query, vector), 4)
      else expect(score).toBeNaN()
    })
  })
})

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
