import { dot } from '@perstream/kit'
import type { VectorIndex } from '@perstream/pmg/vectors'

const limit = 5
/** Queries whose answers are compared with double precision, which reads all vectors once more. */
const checked = 8

/**
 * Measures which part of the best five, by double precision, the int8 scan returns.
 * @throws TypeError when it does not return the very slots and scores of the f32 scan
 */
export function measureRecall(index: VectorIndex, queries: readonly Float32Array[]): number {
  const answers = queries.map((query) => {
    const found = index.search(query, { limit, scan: 'int8' })
    const expected = index.search(query, { limit, scan: 'f32' })
    if (JSON.stringify(found) !== JSON.stringify(expected))
      throw new TypeError(`the int8 scan found ${JSON.stringify(found)}, the f32 scan ${JSON.stringify(expected)}`)
    return new Set(found.map(({ slot }) => slot))
  })
  const best = bestByDoubles(index, queries.slice(0, checked))
  const hits = best.map((slots, i) => slots.filter((slot) => answers[i]!.has(slot)).length)
  return hits.reduce((sum, count) => sum + count, 0) / (best.length * limit)
}

function bestByDoubles(index: VectorIndex, queries: readonly Float32Array[]): number[][] {
  const best = queries.map((): { slot: number; score: number }[] => [])
  for (let slot = 0; slot < index.count; slot++) {
    const vector = index.get(slot)!
    queries.forEach((query, i) => {
      const score = dot(query, vector)
      const top = best[i]!
      if (top.length === limit && score <= top[limit - 1]!.score) return
      top.push({ slot, score })
      top.sort((a, b) => b.score - a.score)
      top.length = Math.min(top.length, limit)
    })
  }
  return best.map((top) => top.map(({ slot }) => slot))
}
