import { precisions } from '@perstream/kit'
import type { Granularity, Memory } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { losesRecords, type MemoryReduction, reducedMemory } from './reduced-memory'

const grid = { id: 'g', rows: 2, columns: 2, dimensions: 8, space: 'patches' }

const memory: Memory = {
  ...{
    id: 'm',
    text: 'The key is under the mat.',
    category: 'places',
    origin: 'read',
    owner: 'me',
    confidence: 0.5,
  },
  evidence: [{ source: 'a.mp4', startSeconds: 1, endSeconds: 2, frames: [3] }],
  triplets: [{ subject: 'key', predicate: 'under', object: 'mat' }],
  ...{ space: 's', validFrom: 1, validTo: 2, learnedAt: 3, updatedAt: 4, track: 't' },
  ...{ supersededBy: 'n', supersededAt: 5, conflicts: ['c'], meanGrid: grid, nearestGrid: { ...grid, id: 'h' } },
}

function step(part: Granularity, to: MemoryReduction['to'], at = 9): MemoryReduction {
  return { part, to, at }
}

describe('reducedMemory', () => {
  it('takes an embedding away, or says how coarse it is from now on', () => {
    const coarse = reducedMemory(memory, step('embedding', 'i8'))
    expect(coarse).toEqual({ ...memory, embeddingPrecision: 'i8' })
    const gone = reducedMemory(coarse, step('embedding', 'gone'))
    expect(gone).toEqual({ ...memory, space: undefined })
    expect('embeddingPrecision' in gone).toBe(false)
    for (const to of ['gone', 'f16'] as const) expect(reducedMemory(gone, step('embedding', to))).toBe(gone)
  })

  it.each(['meanGrid', 'nearestGrid'] as const)(
    'takes %s away, or says how coarse it is, and leaves the other',
    (part) => {
      const coarse = reducedMemory(memory, step(part, 'b1'))
      expect(coarse).toEqual({ ...memory, [part]: { ...memory[part], precision: 'b1' } })
      const gone = reducedMemory(coarse, step(part, 'gone'))
      const { [part]: _, ...rest } = memory
      expect(gone).toEqual(rest)
      expect(part in gone).toBe(false)
      for (const to of ['gone', 'f16'] as const) expect(reducedMemory(gone, step(part, to))).toBe(gone)
    },
  )

  it('leaves what a memory was about and when in place of its words', () => {
    const left = reducedMemory(memory, step('text', 'gone', 7))
    const { conflicts: _, ...rest } = memory
    expect(left).toEqual({ ...rest, text: '', evidence: [], triplets: [], track: undefined, forgottenAt: 7 })
    expect(reducedMemory(left, step('text', 'gone', 8))).toBe(left)
    expect(reducedMemory(left, step('embedding', 'i8'))).toEqual({ ...left, embeddingPrecision: 'i8' })
  })

  it('never makes anything more exact, changes nothing twice, and changes nothing else', () => {
    const part = fc.constantFrom<Granularity>('embedding', 'meanGrid', 'nearestGrid')
    const to = fc.constantFrom<MemoryReduction['to']>('f16', 'i8', 'b1', 'gone')
    fc.assert(
      fc.property(fc.array(fc.tuple(part, to), { maxLength: 8 }), (steps) => {
        let reduced = memory
        const rank = { embedding: 0, meanGrid: 0, nearestGrid: 0 }
        for (const [each, how] of steps) {
          const before = reduced
          reduced = reducedMemory(reduced, step(each, how))
          expect(reducedMemory(reduced, step(each, how))).toBe(reduced)
          const was = rank[each as keyof typeof rank]
          const next = how === 'gone' ? precisions.length : precisions.indexOf(how)
          rank[each as keyof typeof rank] = Math.max(was, next)
          expect(reduced === before).toBe(next <= was)
        }
        expect(rankOf(reduced.space === undefined ? undefined : { precision: reduced.embeddingPrecision })).toBe(
          rank.embedding,
        )
        expect(rankOf(reduced.meanGrid)).toBe(rank.meanGrid)
        expect(rankOf(reduced.nearestGrid)).toBe(rank.nearestGrid)
        const { space, embeddingPrecision, meanGrid, nearestGrid, ...rest } = { ...memory, ...reduced }
        expect({ ...memory, ...rest }).toEqual(memory)
      }),
    )
  })

  it('takes versions and relations with the words alone', () => {
    expect(losesRecords(step('text', 'gone'))).toBe(true)
    expect(losesRecords(step('embedding', 'gone'))).toBe(false)
  })
})

function rankOf(kept: { readonly precision?: MemoryReduction['to'] | undefined } | undefined): number {
  if (!kept) return precisions.length
  return precisions.findIndex((each) => each === (kept.precision ?? 'f32'))
}
