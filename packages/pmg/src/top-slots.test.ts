import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TopSlots } from './top-slots'

it('keeps the best of what is offered in any order; of equals, the lower slots', () => {
  const scores = fc.array(fc.constantFrom(-1, -0.5, 0, 0.25, 0.5, 1), { maxLength: 80 })
  const limits = fc.constantFrom(0, 1, 2, 7, 100, Number.POSITIVE_INFINITY)
  fc.assert(
    fc.property(scores, limits, fc.infiniteStream(fc.nat()), (given, limit, keys) => {
      const offers = given.map((score, slot) => ({ slot, score, key: keys.next().value }))
      const top = new TopSlots(limit)
      for (const { slot, score } of [...offers].sort((a, b) => a.key - b.key)) top.offer(slot, score)
      const best = offers.map(({ slot, score }) => ({ slot, score }))
      best.sort((a, b) => b.score - a.score || a.slot - b.slot)
      const kept = best.slice(0, limit)
      expect(top.list()).toEqual(kept)
      const full = kept.length === limit
      expect(top.floor).toBe(full ? (kept.at(-1)?.score ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY)
    }),
  )
})
