import { visionEncoderContract } from '@perstream/conformance'
import { cosine, norm } from '@perstream/kit'
import type { Frame, RgbImage } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createReferenceTextEncoder, createReferenceVisionEncoder } from '../reference'

visionEncoderContract('reference', { create: async () => createReferenceVisionEncoder() })

describe('createReferenceTextEncoder', () => {
  const encode = async (...texts: string[]) => createReferenceTextEncoder().encode(texts)

  it('gives unit vectors, and the zero vector for blank texts', async () => {
    const [words, marks, empty, blank] = await encode('Red keys', '!?', '', ' \t\n')
    expect(norm(words!)).toBeCloseTo(1, 6)
    expect(norm(marks!)).toBeCloseTo(1, 6)
    expect([norm(empty!), norm(blank!)]).toEqual([0, 0])
    expect(words).toHaveLength(256)
  })

  it('never loses a text, however few the dimensions', async () => {
    const encoder = createReferenceTextEncoder({ dimensions: 1 })
    for (const vector of await encoder.encode(['a', 'b', 'ab cd', 'one two three', '.'])) expect(norm(vector)).toBe(1)
  })

  it('puts texts that share words or stems nearer than others', async () => {
    const [keys, parked, dentist, parking] = await encode(
      'I left my keys in the car',
      'the car is parked on level two',
      'dentist appointment on Tuesday',
      'parking level',
    )
    expect(cosine(keys!, parked!)).toBeGreaterThan(cosine(keys!, dentist!) + 0.1)
    expect(cosine(parking!, parked!)).toBeGreaterThan(cosine(parking!, keys!) + 0.1)
  })

  it('ignores case, width and punctuation, and repeats exactly', async () => {
    const [one, other] = await encode('Room 204!', 'ｒｏｏｍ, 204')
    expect(one).toEqual(other)
    expect(await encode('Room 204!')).toEqual([one])
    // Fixed numbers, so that a space means the same vectors on every machine and in every version.
    const places = [...one!].flatMap((value, i) => (value === 0 ? [] : [`${i}: ${value.toFixed(4)}`]))
    expect(places.join(', ')).toBe(
      '13: 0.1850, 25: 0.1850, 51: 0.1850, 73: -0.1850, 85: -0.1850, 107: 0.6166, 199: -0.6166, 201: -0.1850, 226: -0.1850',
    )
  })

  it('refuses impossible dimensions and keeps aborts as they are', async () => {
    expect(() => createReferenceTextEncoder({ dimensions: 0 })).toThrow(/dimensions is 0/)
    const reason = new Error('stop')
    const encoding = createReferenceTextEncoder().encode(['x'], { signal: AbortSignal.abort(reason) })
    await expect(encoding).rejects.toBe(reason)
  })
})

describe('createReferenceVisionEncoder', () => {
  const encode = async (image: RgbImage, options = {}) => {
    const frame = { width: image.width, height: image.height, pixels: async () => image } as unknown as Frame
    return (await createReferenceVisionEncoder(options).encode([frame]))[0]!
  }

  it('has the colours of each patch', async () => {
    const data = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])
    const grid = await encode({ data, width: 2, height: 2 }, { rows: 2, columns: 2 })
    const colours = [0, 1, 2, 3].map((cell) => [...grid.data.subarray(cell * 14, cell * 14 + 3)])
    expect(colours).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [1, 1, 1],
    ])
  })

  it('tells the direction of edges', async () => {
    const stripes = (along: 'x' | 'y') => {
      const value = (i: number) => ((along === 'x' ? i % 16 : Math.floor(i / 16)) * 16) % 256
      const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => value(Math.floor(i / 3)))
      return { data, width: 16, height: 16 }
    }
    const strongest = async (along: 'x' | 'y') => {
      const edges = (await encode(stripes(along), { rows: 1, columns: 1 })).data.subarray(6)
      return edges.indexOf(Math.max(...edges))
    }
    // Eight directions around the circle: rightwards and downwards are a quarter turn apart.
    expect(((await strongest('y')) - (await strongest('x')) + 8) % 8).toBe(2)
  })

  it('refuses an impossible grid', () => {
    expect(() => createReferenceVisionEncoder({ rows: 0 })).toThrow(/rows is 0/)
  })
})
