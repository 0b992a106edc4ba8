import { createRandom } from '@perstream/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseToken, logProbability } from './sampling'

const always = (value: number) => ({ ...createRandom(0), next: () => value })

/** Everything sorted, everything summed: the definition of what may be drawn, likeliest first. */
function allowed(logits: readonly number[], { temperature = 1, topK = logits.length, topP = 1 }): number[] {
  const ids = logits.map((_, id) => id).sort((a, b) => logits[b]! - logits[a]! || a - b)
  const left = ids.slice(0, topK)
  if (topP === 1) return left
  const weights = left.map((id) => Math.exp((logits[id]! - logits[left[0]!]!) / temperature))
  const sumTo = (count: number) => weights.slice(0, count).reduce((sum, weight) => sum + weight, 0)
  const end = weights.findIndex((_, i) => sumTo(i + 1) >= topP * sumTo(weights.length))
  return left.slice(0, end < 0 ? left.length : end + 1)
}

describe('chooseToken', () => {
  it('takes the first of the largest, and passes NaN over', () => {
    const logits = Float32Array.of(1, Number.NaN, 3, 3, -2)
    expect(chooseToken(logits, { temperature: 0, topP: 1 }, createRandom(1))).toBe(2)
  })

  it('refuses logits without a number, and infinite ones', () => {
    const choose = (...logits: number[]) =>
      chooseToken(Float32Array.from(logits), { temperature: 0, topP: 1 }, createRandom(1))
    expect(() => choose(Number.NaN, Number.NaN)).toThrow(expect.objectContaining({ code: 'model-invalid' }))
    expect(() => choose(1, Number.POSITIVE_INFINITY)).toThrow(expect.objectContaining({ code: 'model-invalid' }))
  })

  it('counts a long tail of small probabilities into topP', () => {
    const logits = new Float32Array(4002).fill(Math.log(0.5 / 4000))
    logits.set([0, Math.log(0.3)])
    const last = (topP: number) => chooseToken(logits, { temperature: 1, topP }, always(1 - 2 ** -32))
    expect([last(0.55), last(0.6), last(0.72)]).toEqual([0, 1, 1])
    expect(last(0.73)).toBeGreaterThan(1)
  })

  it('draws as often as the probabilities say', () => {
    const logits = Float32Array.from([0.5, 0.25, 0.125, 0.125], Math.log)
    const random = createRandom(7)
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 20_000; i++) counts[chooseToken(logits, { temperature: 1, topP: 1 }, random)]!++
    for (const [i, share] of [0.5, 0.25, 0.125, 0.125].entries()) expect(counts[i]! / 20_000).toBeCloseTo(share, 1.8)
  })

  it('draws from what sorting everything leaves, first and last included (property)', () => {
    const numbers = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 40 })
    const limits = fc.record({
      temperature: fc.constantFrom(0.3, 1, 2),
      topK: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
      topP: fc.constantFrom(0.1, 0.5, 0.9, 0.999, 1),
    })
    fc.assert(
      fc.property(numbers, limits, (values, options) => {
        const may = allowed(values, options).filter((id, _, ids) => values[ids[0]!]! - values[id]! < 30)
        const drawn = new Set<number>()
        for (let i = 0; i < 400; i++) drawn.add(chooseToken(Float32Array.from(values), options, always(i / 400)))
        for (const id of drawn) expect(allowed(values, options)).toContain(id)
        expect(drawn).toContain(may[0])
        const last = allowed(values, options).at(-1)!
        const isDrawn = options.topP < 1 && values[may[0]!]! - values[last]! < 15 * options.temperature
        const logits = Float32Array.from(values)
        if (isDrawn) expect(chooseToken(logits, options, always(1 - 2 ** -32))).toBe(last)
      }),
    )
  })
})

describe('logProbability', () => {
  it('is a log softmax', () => {
    const logits = Float32Array.of(1000, 1001, 999)
    const probabilities = [0, 1, 2].map((id) => Math.exp(logProbability(logits, id)))
    expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6)
    expect(probabilities[1]! / probabilities[0]!).toBeCloseTo(Math.E, 5)
  })
})
