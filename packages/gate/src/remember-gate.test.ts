import { describe, expect, it } from 'vitest'
import { createWordEncoder } from '../test/word-encoder'
import { createRememberGate, memoryCategories } from './index'

const vector = (...values: number[]) => Float32Array.from(values)

describe('the categories', () => {
  it('are 34 in 8 groups, keys in the order of the prototype', () => {
    expect(memoryCategories.map(({ key }) => key).join(' ')).toBe(
      'name identification vehicle contact education nickname age physical birth employment medical health ' +
        'transactions financial cards apps schedule browsing mentioned phrases travel location places relationships ' +
        'birthdays interests addresses personal_interests notes media app_data contacts_list chat messages',
    )
    expect(new Set(memoryCategories.map(({ group }) => group)).size).toBe(8)
  })

  it('have examples and no sentence twice', () => {
    const examples = memoryCategories.flatMap(({ examples = [] }) => examples)
    expect(new Set(examples).size).toBe(examples.length)
    for (const { examples = [] } of memoryCategories) expect(examples.length).toBeGreaterThanOrEqual(2)
  })
})

describe('createRememberGate', () => {
  it('embeds each text once, in batches, and decides without the encoder', async () => {
    const text = createWordEncoder()
    const relative = await createRememberGate({ text, mode: 'relative' })
    expect(text.encoded()).toBe(34)
    await createRememberGate({ text, mode: 'absolute' })
    expect(text.encoded()).toBe(34)
    await createRememberGate({ text })
    const all = text.encoded()
    await createRememberGate({ text })
    relative.decide(await text.encode(['My name is Ada.']))
    expect(text.encoded()).toBe(all + 1)
  })

  it('takes a cache that outlives the encoder, by its space', async () => {
    const cache = new Map<string, Float32Array>()
    await createRememberGate({ text: createWordEncoder(), mode: 'relative', cache })
    const again = createWordEncoder()
    await createRememberGate({ text: again, mode: 'relative', cache: new Map(cache) })
    expect(again.encoded()).toBe(0)
    const other = createWordEncoder({ space: 'other words' })
    await createRememberGate({ text: other, mode: 'relative', cache })
    expect(other.encoded()).toBe(34)
  })

  it('gives the category text in the form of the prototype to the encoder', async () => {
    const cache = new Map<string, Float32Array>()
    const categories = [{ key: 'plants', group: 'Home', description: 'house plants, watering' }]
    await createRememberGate({ text: createWordEncoder(), mode: 'relative', categories, cache })
    expect([...cache.keys()]).toEqual(['words\nCategory: plants. Description: house plants, watering'])
  })

  it('remembers only what is strictly above the threshold', async () => {
    const text = createWordEncoder()
    const [query] = await text.encode(['a birthday party for my cousin'])
    const open = await createRememberGate({ text, mode: 'relative' })
    const { score, category } = open.decide([query!])
    expect(score).toBeGreaterThan(0.3)
    expect(open.threshold).toBe(0.3)
    const at = await createRememberGate({ text, mode: 'relative', threshold: score })
    expect(at.decide([query!])).toEqual({ remember: false, score, threshold: score, mode: 'relative', category })
    const below = await createRememberGate({ text, mode: 'relative', threshold: score - 1e-6 })
    expect(below.decide([query!]).remember).toBe(true)
  })

  it.each(['relative', 'absolute', 'per-patch', 'calibrated'] as const)(
    '%s never remembers NaN or zero',
    async (mode) => {
      const text = createWordEncoder()
      const gate = await createRememberGate({ text, mode, threshold: 0 })
      for (const value of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
        const { remember, score, category } = gate.decide([new Float32Array(text.dimensions).fill(value)])
        expect({ remember, score, category }).toEqual({ remember: false, score: Number.NaN, category: 'name' })
      }
    },
  )

  it('names what is wrong with its options', async () => {
    const text = createWordEncoder()
    const category = { key: 'plants', group: 'Home', description: 'house plants' }
    const fails = (options: object, message: string) =>
      expect(createRememberGate({ text, ...options }), message).rejects.toThrow(message)
    await fails({ mode: 'best' }, 'mode is "best"')
    await fails({ mode: 'relative', threshold: 1.2 }, 'threshold is 1.2')
    await fails({ mode: 'relative', threshold: -0.1 }, 'threshold is -0.1')
    await fails({ mode: 'absolute', threshold: Number.NaN }, 'threshold is NaN')
    await fails({ categories: [] }, 'categories is empty')
    await fails({ categories: [category, category] }, 'categories[1].key is "plants" again')
    await fails({ categories: [{ ...category, description: ' ' }] }, 'categories[0].description is blank')
    await fails({ categories: [category] }, 'categories[].examples has 0 different sentences')
    await fails({ background: ['a', 'b', 'c', ''] }, 'background has a blank text at 3')
    await expect(createRememberGate({ text, threshold: 2 })).rejects.toBeInstanceOf(TypeError)
  })

  it('refuses vectors of another length, and no vectors', async () => {
    const gate = await createRememberGate({ text: createWordEncoder(), mode: 'relative' })
    const good = new Float32Array(256).fill(1)
    expect(() => gate.decide([good, vector(1, 2)])).toThrow(TypeError)
    expect(() => gate.decide([good, vector(1, 2)])).toThrow('vectors[1] has 2 elements: the space "words" has 256')
    expect(() => gate.decide([good], { recent: [vector(1)] })).toThrow('context.recent[0] has 1 elements')
    expect(() => gate.decide([])).toThrow(TypeError)
  })

  it.each([
    ['of another width', 'relative', () => vector(1, 2, 3), 'gave 3 elements'],
    ['that are not finite', 'relative', () => vector(1, Number.NaN), 'a vector that is not finite'],
    ['of zeros', 'absolute', () => vector(0, 0), 'zeros for the category "name"'],
    ['all alike', 'calibrated', () => vector(1, 0), 'cannot tell them apart'],
  ] as const)('says so when the encoder gives vectors %s', async (_, mode, one, message) => {
    const encode = async (texts: readonly string[]) => texts.map(one)
    const made = createRememberGate({ text: { ...createWordEncoder(), dimensions: 2, encode }, mode })
    await expect(made).rejects.toMatchObject({ code: 'model-invalid' })
    await expect(made).rejects.toThrow(message)
  })

  it('stops when told to, with the reason given', async () => {
    const reason = new Error('enough')
    await expect(createRememberGate({ text: createWordEncoder(), signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    )
  })
})
