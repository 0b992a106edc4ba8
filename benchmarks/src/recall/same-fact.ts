import { stems } from './baselines'

/** How many different facts texts tell: two are one when three quarters of their word stems are shared (Jaccard). */
export function distinctFacts(texts: readonly string[]): number {
  const kept: Set<string>[] = []
  for (const text of texts) {
    const words = new Set(stems(text))
    if (!kept.some((other) => overlap(words, other) >= 0.75)) kept.push(words)
  }
  return kept.length
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((word) => b.has(word)).length
  const all = a.size + b.size - shared
  return all === 0 ? 1 : shared / all
}
