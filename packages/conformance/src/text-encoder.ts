import { cosine, norm } from '@perstream/kit'
import type { TextEncoder } from '@perstream/spec'
import { describe, expect, it } from 'vitest'

/** What a {@link textEncoderContract} is told about the encoder. */
export interface TextEncoderContractOptions {
  /** Sentence, one about the same, one about something else: the first two must be the nearer pair. */
  readonly triples?: readonly (readonly [string, string, string])[]
  /** How far a vector may differ when its text is encoded alone, per element. Default 1e-4. */
  readonly batchTolerance?: number
}

const defaultTriples = [
  [
    'The dentist appointment is on Tuesday.',
    'I have a dentist appointment this Tuesday.',
    'The bakery sells fresh bread.',
  ],
  ['My car is parked on level two.', 'I parked my car on the second level.', 'Her sister studies medicine in Rome.'],
] as const

/**
 * Tests a `TextEncoder` against what its users rely on: unit vectors of the stated width, input order, the zero vector
 * for blank texts wherever they stand, results that do not depend on the batch, and aborts. Call it inside a test file.
 */
export function textEncoderContract(
  create: () => TextEncoder | Promise<TextEncoder>,
  { triples = defaultTriples, batchTolerance = 1e-4 }: TextEncoderContractOptions = {},
): void {
  describe('TextEncoder contract', () => {
    statesItsData(create)
    encodesInOrder(create, batchTolerance)
    encodesBlankTexts(create, batchTolerance)
    keepsPromises(create)
    it.each(triples)('finds "%s" nearer to "%s" than to "%s"', async (anchor, related, unrelated) => {
      const [a, b, c] = await (await create()).encode([anchor, related, unrelated])
      expect(cosine(a!, b!)).toBeGreaterThan(cosine(a!, c!))
    })
  })
}

type Create = () => TextEncoder | Promise<TextEncoder>

const texts = ['My keys are in the bowl.', 'ROOM 4.12', 'Où est la gare ?', '日本語の文', '🙂 smile', 'a']

function statesItsData(create: Create): void {
  it('states its space, width and batch size', async () => {
    const { space, dimensions, maxBatchSize } = await create()
    expect(space.trim()).not.toBe('')
    expect(Number.isInteger(dimensions) && dimensions > 0).toBe(true)
    expect(Number.isInteger(maxBatchSize) && maxBatchSize > 0).toBe(true)
  })
}

function encodesInOrder(create: Create, tolerance: number): void {
  it('gives a unit vector of the stated width for each text, in input order, whatever the batch', async () => {
    const encoder = await create()
    const batch = texts.slice(0, encoder.maxBatchSize)
    const together = await encoder.encode(batch)
    expect(together).toHaveLength(batch.length)
    for (const [i, text] of batch.entries()) {
      const [alone] = await encoder.encode([text])
      expect(together[i]).toBeInstanceOf(Float32Array)
      expect(together[i]).toHaveLength(encoder.dimensions)
      expect(norm(together[i]!), text).toBeCloseTo(1, 4)
      expectClose(together[i]!, alone!, tolerance)
    }
  })

  it('takes a full batch and a very long text', async () => {
    const encoder = await create()
    const size = Math.min(encoder.maxBatchSize, 64)
    const batch = Array.from({ length: size }, (_, i) => `Sentence number ${i} of the batch.`)
    batch[size - 1] = 'The quick brown fox jumps over the lazy dog. '.repeat(200)
    for (const vector of await encoder.encode(batch)) expect(norm(vector)).toBeCloseTo(1, 4)
  })
}

function encodesBlankTexts(create: Create, tolerance: number): void {
  it('gives the zero vector for blank texts, wherever they stand', async () => {
    const encoder = await create()
    const zero = new Float32Array(encoder.dimensions)
    const [alone] = await encoder.encode(['A red door.'])
    for (const blank of ['', ' \n\t']) {
      expect(await encoder.encode([blank])).toEqual([zero])
      if (encoder.maxBatchSize < 2) continue
      expect(await encoder.encode([blank, blank])).toEqual([zero, zero])
      for (const batch of [
        [blank, 'A red door.'],
        ['A red door.', blank],
      ]) {
        const vectors = await encoder.encode(batch)
        expect(vectors[batch.indexOf(blank)]).toEqual(zero)
        expectClose(vectors[batch.indexOf('A red door.')]!, alone!, tolerance)
      }
    }
  })

  it('gives nothing for no texts', async () => {
    expect(await (await create()).encode([])).toEqual([])
  })
}

function keepsPromises(create: Create): void {
  it('gives the same vector again, also after the first was written to', async () => {
    const encoder = await create()
    const [first] = await encoder.encode(['The same again.'])
    const copy = first!.slice()
    first!.fill(7)
    const [second] = await encoder.encode(['The same again.'])
    expect(second).toEqual(copy)
  })

  it('rejects with the reason of an aborted signal', async () => {
    const reason = new Error('stopped by the test')
    const encoder = await create()
    await expect(encoder.encode(['Stop.'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('serves calls made at the same time', async () => {
    const encoder = await create()
    const results = await Promise.all(texts.map((text) => encoder.encode([text])))
    for (const [i, text] of texts.entries()) {
      const [alone] = await encoder.encode([text])
      expectClose(results[i]![0]!, alone!, 1e-6)
    }
  })
}

function expectClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  const worst = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)
  expect(worst).toBeLessThanOrEqual(tolerance)
}
