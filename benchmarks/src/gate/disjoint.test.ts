import { backgroundTexts, memoryCategories } from '@perstream/gate'
import { describe, expect, it } from 'vitest'
import { contentFreeTexts } from './content-free'
import { memoryTexts } from './memories'
import { objectTags, readTexts } from './read-texts'

const words = (text: string) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])

/** Common words by all words. */
function overlap(a: Set<string>, b: Set<string>): number {
  const common = [...a].filter((word) => b.has(word)).length
  return common / (a.size + b.size - common)
}

const learned = [...backgroundTexts, ...memoryCategories.flatMap(({ examples = [] }) => examples)].map(words)

describe.each([
  ['content-free', contentFreeTexts, 200],
  ['memories', memoryTexts, 40],
  ['text read', readTexts, 60],
  ['object tags', objectTags, 40],
])('the %s texts of bench:gate', (_, texts, fewest) => {
  it(`are ${fewest} or more, each once`, () => {
    expect(new Set(texts).size).toBe(texts.length)
    expect(texts.length).toBeGreaterThanOrEqual(fewest)
  })

  it('are none that the gate has learned from, nor nearly', () => {
    const near = texts.filter((text) => learned.some((other) => overlap(words(text), other) > 0.6))
    expect(near).toEqual([])
  })
})
