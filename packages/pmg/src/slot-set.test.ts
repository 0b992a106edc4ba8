import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlotSet } from './slot-set'

const slots = fc.array(fc.oneof(fc.nat(70), fc.nat(3000)), { maxLength: 60 })
const ascending = (numbers: Iterable<number>) => [...new Set(numbers)].sort((a, b) => a - b)

function expectSame(set: SlotSet, expected: Iterable<number>): void {
  const all = ascending(expected)
  expect([...set]).toEqual(all)
  expect(set.count).toBe(all.length)
}

describe('SlotSet', () => {
  it('holds what a Set of numbers holds, in ascending order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(200))), (changes) => {
        const set = new SlotSet()
        const plain = new Set<number>()
        for (const [adds, slot] of changes) {
          if (adds) set.add(slot)
          else set.delete(slot)
          if (adds) plain.add(slot)
          else plain.delete(slot)
          expect(set.has(slot)).toBe(plain.has(slot))
        }
        expectSame(set, plain)
      }),
    )
  })

  it('combines two sets to new ones', () => {
    fc.assert(
      fc.property(slots, slots, (left, right) => {
        const [a, b] = [new SlotSet(left), new SlotSet(right)]
        expectSame(
          a.and(b),
          left.filter((slot) => right.includes(slot)),
        )
        expectSame(a.or(b), [...left, ...right])
        expectSame(
          a.andNot(b),
          left.filter((slot) => !right.includes(slot)),
        )
        expectSame(a, left)
        expectSame(b, right)
      }),
    )
  })

  it('takes slots that lie far out, and refuses what is no slot', () => {
    const set = new SlotSet([31, 32, 5_000_000])
    expectSame(set, [31, 32, 5_000_000])
    expect(set.has(5_000_001)).toBe(false)
    expect(() => set.add(-1)).toThrow(TypeError('slot is -1: it must be a whole number, 0 or more'))
    expect(() => set.add(1.5)).toThrow(TypeError)
    expectSame(set, [31, 32, 5_000_000])
  })
})
