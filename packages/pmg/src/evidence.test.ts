import type { Evidence } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evidenceUntil, mergeEvidence } from './evidence'

const stretch = fc
  .record({
    source: fc.constantFrom('a', 'b'),
    start: fc.integer({ min: 0, max: 400 }),
    length: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ source, start, length }): Evidence => {
    const frames = [...new Set([start * 2, (start + length) * 2])]
    return { source, startSeconds: start, endSeconds: start + length, frames }
  })

/** Marks each half second and its neighbourhood, the plain way. */
function covered(evidence: readonly Evidence[], source: string): Set<number> {
  const marks = new Set<number>()
  for (const { startSeconds, endSeconds } of evidence.filter((each) => each.source === source))
    for (let t = startSeconds; t <= endSeconds; t += 0.5) marks.add(t)
  return marks
}

describe('mergeEvidence', () => {
  it('keeps every second, joins only near ones, in any order', () => {
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 60 }), (list) => {
        const merged = mergeEvidence(list)
        expect(new Set(mergeEvidence([...list].reverse()).map(text))).toEqual(new Set(merged.map(text)))
        for (const source of ['a', 'b']) {
          const before = covered(list, source)
          const after = covered(merged, source)
          for (const t of before) expect(after.has(t)).toBe(true)
          for (const t of after)
            if (!before.has(t))
              expect(
                [...before].some((u) => u < t && t - u <= 10) && [...before].some((u) => u > t && u - t <= 10),
              ).toBe(true)
          const own = merged.filter((each) => each.source === source)
          own.slice(1).forEach((each, i) => {
            expect(each.startSeconds - own[i]!.endSeconds).toBeGreaterThan(10)
          })
        }
      }),
    )
  })

  it('stays bounded, and keeps first and last frames', () => {
    const many = Array.from({ length: 500 }, (_, i) => ({
      source: 'a',
      startSeconds: i * 60 + (i % 7),
      endSeconds: i * 60 + 9,
      frames: [i],
    }))
    const merged = mergeEvidence(many)
    expect(merged.length).toBe(128)
    expect([merged[0]!.startSeconds, merged.at(-1)!.endSeconds]).toEqual([0, 499 * 60 + 9])
    const dense = Array.from({ length: 500 }, (_, i) => ({ source: 'a', startSeconds: i, endSeconds: i, frames: [i] }))
    const [one] = mergeEvidence(dense)
    expect([one!.frames.length, one!.frames[0], one!.frames.at(-1)]).toEqual([32, 0, 499])
  })
})

describe('evidenceUntil', () => {
  it('leaves out what begins later and cuts what goes on', () => {
    const list = [
      { source: 'a', startSeconds: 0, endSeconds: 10, frames: [0, 50, 100] },
      { source: 'a', startSeconds: 20, endSeconds: 21, frames: [200] },
      { source: 'b', startSeconds: 90, endSeconds: 91, frames: [1] },
    ]
    expect(evidenceUntil(list, { source: 'a', seconds: 6 })).toEqual([
      { ...list[0], endSeconds: 6, frames: [0, 50] },
      list[2],
    ])
    expect(evidenceUntil(list, { source: 'a', seconds: 19.9 })).toEqual([list[0], list[2]])
    expect(evidenceUntil(list, { source: 'a', seconds: 20 })[1]).toMatchObject({ startSeconds: 20, endSeconds: 20 })
  })
})

function text(evidence: Evidence): string {
  return JSON.stringify(evidence)
}
