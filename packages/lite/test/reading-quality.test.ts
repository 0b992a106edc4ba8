import type { SKRSContext2D } from '@napi-rs/canvas'
import { createOnnxRuntime } from '@perstream/backends/onnx'
import { createRandom } from '@perstream/kit'
import type { RgbImage, TextReader } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPpOcrReader } from '../src/ppocr-reader'
import { draw, frameOf } from './pictures'

const texts = [
  ['Dr. Miller', 'Dentist', 'Tuesday 14 March 10:30'],
  ['BAKERY SCHMIDT', 'Rye bread 3.20', 'Coffee 2.80', 'Total 6.00'],
  ['Room 4.12', 'Anna Berg', 'Head of Research'],
  ['LEVEL 3', 'Row C', 'KX72 LMN'],
]

interface Condition {
  readonly name: string
  readonly size?: number
  readonly rotate?: number
  /** Skew of x by y and of y by x. */
  readonly skew?: readonly [number, number]
  readonly blur?: number
  readonly ink?: string
  readonly paper?: string
  /** Least share of the words that must be read, exactly. */
  readonly recall: number
}

const conditions: readonly Condition[] = [
  { name: '40 px', size: 40, recall: 0.95 },
  { name: '28 px', recall: 0.95 },
  { name: '18 px', size: 18, recall: 0.9 },
  { name: '13 px', size: 13, recall: 0.8 },
  { name: 'turned by 8 degrees', rotate: 8, recall: 0.95 },
  { name: 'turned by -20 degrees', rotate: -20, recall: 0.9 },
  { name: 'turned by 28 degrees', rotate: 28, recall: 0.85 },
  { name: 'seen from the side', skew: [0.25, 0.18], recall: 0.9 },
  { name: 'blur of 2 px', blur: 2, recall: 0.9 },
  { name: 'blur of 3.5 px', blur: 3.5, recall: 0.5 },
  { name: 'low contrast', ink: '#b4b4b4', recall: 0.9 },
  { name: 'light on dark', ink: '#ddd', paper: '#234', recall: 0.95 },
]

function picture(
  lines: readonly string[],
  { size = 28, rotate = 0, skew = [0, 0], blur = 0, ink = '#222', paper = '#ddd' }: Condition,
): RgbImage {
  return draw(848, 480, (context: SKRSContext2D) => {
    context.fillStyle = paper
    context.fillRect(0, 0, 848, 480)
    context.filter = `blur(${blur}px)`
    context.translate(424, 240)
    context.rotate((rotate * Math.PI) / 180)
    context.transform(1, skew[1], skew[0], 1, 0, 0)
    context.fillStyle = ink
    context.font = `${size}px Roboto`
    for (const [row, line] of lines.entries())
      context.fillText(line, -size * 5, (row - lines.length / 2 + 0.7) * size * 1.6)
  })
}

describe('reading quality', () => {
  let reader: TextReader & AsyncDisposable
  beforeAll(async () => {
    reader = await createPpOcrReader({ runtime: createOnnxRuntime() })
  })
  afterAll(() => reader[Symbol.asyncDispose]())

  it.each(conditions)('reads at least $recall of the words: $name', async (condition) => {
    let [right, all] = [0, 0]
    const missed: string[] = []
    for (const lines of texts) {
      const read = (await reader.read(frameOf(picture(lines, condition)))).flatMap((line) => line.text.split(' '))
      for (const word of lines.join(' ').split(' ')) {
        all++
        if (read.includes(word)) right++
        else missed.push(word)
      }
    }
    expect(right / all, `missed: ${missed.join(', ')}`).toBeGreaterThanOrEqual(condition.recall)
  })

  it('keeps reading order on a page that is turned', async () => {
    const lines = await reader.read(frameOf(picture(texts[1]!, { name: '', rotate: 15, recall: 1 })))
    expect(lines.map((line) => line.text).join('\n')).toBe(texts[1]!.join('\n'))
  })

  it('reads a price far behind its item as one row, on a bill that is turned', async () => {
    const bill = draw(848, 480, (context) => {
      context.translate(200, 120)
      context.rotate(0.1)
      context.fillStyle = '#222'
      context.font = '26px Roboto'
      for (const [row, [item, price]] of [
        ['Cheesecake', '3.80'],
        ['Espresso', '3.75'],
        ['TOTAL', '7.55'],
      ].entries()) {
        context.fillText(item!, 0, row * 40)
        context.fillText(price!, 300, row * 40)
      }
    })
    const lines = await reader.read(frameOf(bill))
    expect(lines.map((line) => line.text)).toEqual(['Cheesecake 3.80', 'Espresso 3.75', 'TOTAL 7.55'])
  })

  it('reads nothing in noise, stripes, blobs and shades', async () => {
    const random = createRandom(5)
    const noise = {
      data: Uint8Array.from({ length: 848 * 480 * 3 }, () => random.integer(0, 256)),
      width: 848,
      height: 480,
    }
    const stripes = draw(848, 480, (context) => {
      context.fillStyle = '#444'
      for (let x = 0; x < 848; x += 24) context.fillRect(x, 0, 10, 480)
    })
    const blobs = draw(848, 480, (context) => {
      for (let i = 0; i < 60; i++) {
        context.fillStyle = `hsl(${random.integer(0, 360)} 50% 50%)`
        context.beginPath()
        context.ellipse(
          random.integer(0, 848),
          random.integer(0, 480),
          random.integer(5, 90),
          random.integer(5, 60),
          0,
          0,
          7,
        )
        context.fill()
      }
    })
    for (const image of [noise, stripes, blobs])
      expect((await reader.read(frameOf(image))).map((line) => line.text)).toEqual([])
  })
})
