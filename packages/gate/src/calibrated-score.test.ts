import { createRandom, normalize } from '@perstream/kit'
import type { RememberGate } from '@perstream/spec'
import { beforeAll, describe, expect, it } from 'vitest'
import { createWordEncoder } from '../test/word-encoder'
import { createRememberGate } from './index'

const text = createWordEncoder({ dimensions: 512 })
const encodeOne = async (sentence: string) => (await text.encode([sentence]))[0]!
const noise = (count: number, seed: number) => {
  const random = createRandom(seed)
  return Array.from({ length: count }, () =>
    normalize(Float32Array.from({ length: text.dimensions }, () => random.gaussian())),
  )
}

describe('the calibrated gate with an encoder that only knows words', () => {
  let gate: RememberGate
  beforeAll(async () => {
    gate = await createRememberGate({ text })
  })

  it('is the default, with a probability of one half as threshold', () => {
    expect(gate).toMatchObject({ mode: 'calibrated', threshold: 0.5, space: 'words' })
  })

  it.each([
    ['My brother was born in Turin on 4 May.', 'birth'],
    ['My telephone number is 555 0104.', undefined],
    ['I often wear my blue jacket when I drive to work.', undefined],
  ])('remembers "%s"', async (sentence, category) => {
    const decision = gate.decide([await encodeOne(sentence)])
    expect(decision.remember).toBe(true)
    if (category) expect(decision.category).toBe(category)
  })

  it.each(['A table in a room.', 'a window and a lamp', 'Nothing happens.', 'A wall is there.'])(
    'does not remember "%s"',
    async (sentence) => {
      expect(gate.decide([await encodeOne(sentence)]).remember).toBe(false)
    },
  )

  it('lets at most 1 % of random vectors pass, also 16 at a time', () => {
    expect(noise(1000, 1).filter((vector) => gate.decide([vector]).remember).length).toBeLessThanOrEqual(10)
    const grids = Array.from({ length: 200 }, (_, i) => noise(16, i))
    expect(grids.filter((grid) => gate.decide(grid).remember).length).toBeLessThanOrEqual(2)
  })

  it('finds the one patch in a grid that is worth it, and takes its category', async () => {
    const patch = await encodeOne('I was born on 9 August 1984.')
    expect(gate.decide([...noise(8, 3), patch, ...noise(7, 4)])).toMatchObject({ remember: true, category: 'birth' })
  })

  it('asks more of the best vector the more there are', async () => {
    const [memory, plain] = await text.encode(['I carry my gym card.', 'A grey wall.'])
    const alone = gate.decide([memory!]).score
    expect(gate.decide([memory!, plain!]).score).toBeLessThan(alone)
    expect(gate.decide([memory!, memory!, plain!]).score).toBeLessThan(gate.decide([memory!, plain!]).score)
  })

  it('ignores vectors without a direction beside others', async () => {
    const memory = await encodeOne('I was born in Porto.')
    expect(gate.decide([new Float32Array(512), memory, memory.map(() => Number.NaN)])).toEqual(gate.decide([memory]))
  })

  it('does not remember what was stored a moment ago, and is not held back by other memories', async () => {
    const [memory, other, changed] = await text.encode([
      'I was born on 9 August 1984 in Porto and grew up in Lyon.',
      'My sister has a new job in the shipping department.',
      'I was born on 7 August 1984 in Porto and grew up in Lyon.',
    ])
    const again = gate.decide([memory!], { recent: [other!, memory!] })
    expect(again.remember).toBe(false)
    expect(again.score).toBeLessThan(0.2)
    expect(gate.decide([memory!], { recent: [other!] })).toEqual(gate.decide([memory!]))
    const after = gate.decide([memory!], { recent: [changed!] })
    expect(after.remember).toBe(true)
    expect(after.score).toBeLessThan(gate.decide([memory!]).score)
  })

  it('does not depend on the order of the categories', async () => {
    const reversed = await createRememberGate({ text, categories: [...gate.categories].reverse() })
    for (const sentence of ['I was born in Porto.', 'A grey wall.', 'My bicycle has a bell.']) {
      const vector = await encodeOne(sentence)
      expect(reversed.decide([vector]).score).toBeCloseTo(gate.decide([vector]).score, 8)
      expect(reversed.decide([vector]).category).toBe(gate.decide([vector]).category)
    }
  })
})

describe('a table and a background of the user', () => {
  const plants = {
    key: 'plants',
    group: 'Home',
    description: 'house plants, watering, pots',
    examples: ['I water the fern on Mondays.', 'The orchid needs a new pot.', 'I planted basil in the green pot.'],
  }
  const tools = {
    key: 'tools',
    group: 'Home',
    description: 'tools, drills, workshop',
    examples: ['The drill is in the workshop.', 'I lent my saw to Paul.', 'My hammer hangs in the workshop.'],
  }
  const background = [
    'Some traffic.',
    'The news are on.',
    'People talk.',
    'A street with traffic.',
    'People on a street.',
  ]

  it('decide what is remembered', async () => {
    const gate = await createRememberGate({ text, categories: [plants, tools], background })
    const decide = async (sentence: string) => gate.decide([await encodeOne(sentence)])
    expect(await decide('I water the orchid and the basil.')).toMatchObject({ remember: true, category: 'plants' })
    expect(await decide('My drill and my saw are in the workshop.')).toMatchObject({
      remember: true,
      category: 'tools',
    })
    expect((await decide('People in traffic.')).remember).toBe(false)
  })

  it('may have a category without examples, which is placed by its description', async () => {
    const books = { key: 'books', group: 'Home', description: 'novels, library, reading, authors' }
    const gate = await createRememberGate({ text, categories: [plants, tools, books], background })
    expect(gate.decide([await encodeOne('reading novels by authors of the library')]).category).toBe('books')
  })
})
