import { stems } from '@perstream-benchmarks/suite/recall/baselines'

export function alikeTexts(texts: readonly string[]): string[] {
  const kept: { words: Set<string>; name: string }[] = []
  return texts.map((text, i) => {
    const words = new Set(stems(text))
    const found = kept.find((other) => overlap(words, other.words) >= 0.75)
    if (found) return found.name
    kept.push({ words, name: String(i) })
    return String(i)
  })
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0
  for (const word of a) if (b.has(word)) shared++
  const all = a.size + b.size - shared
  return all === 0 ? 1 : shared / all
}
