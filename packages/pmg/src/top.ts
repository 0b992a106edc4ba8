/**
 * Picks the highest scores, best first; of equals, the lower index. NaN stands for no score. Linear in the scores, `count` being
 * small against them.
 */
export function topIndices(scores: Float64Array, count: number): number[] {
  const top: number[] = []
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!
    if (Number.isNaN(score) || (top.length === count && score <= scores[top[count - 1]!]!)) continue
    let low = 0
    let high = top.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (scores[top[middle]!]! >= score) low = middle + 1
      else high = middle
    }
    top.splice(low, 0, i)
    if (top.length > count) top.pop()
  }
  return top
}
