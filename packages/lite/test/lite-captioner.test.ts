import { createOnnxRuntime } from '@perstream/backends/onnx'
import { collect } from '@perstream/kit'
import type { Caption, Moment, TextReader } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLiteCaptioner } from '../src/lite-captioner'
import { createPpOcrReader } from '../src/ppocr-reader'
import { draw, frameOf } from './pictures'

const sign = ['Dr. Miller', 'Dentist', 'Tuesday 14 March 10:30']

/** A walk past a sign: it drifts, tilts, blurs and leaves. */
function walk(i: number) {
  return draw(848, 480, (context) => {
    context.filter = `blur(${i % 3 === 1 ? 2.2 : 0.6}px)`
    context.translate(500 - i * 60, 200 + 12 * Math.sin(i))
    context.rotate(0.05 * Math.sin(i))
    context.fillStyle = '#f4f0e4'
    context.fillRect(0, 0, 420, 200)
    context.fillStyle = '#333'
    context.font = '30px Roboto'
    for (const [row, text] of sign.entries()) context.fillText(text, 30, 60 + row * 48)
  })
}

async function* momentsOf(
  count: number,
  picture: (i: number) => ReturnType<typeof draw>,
  step = 0.8,
): AsyncGenerator<Moment> {
  for (let i = 0; i < count; i++) {
    const frame = frameOf(picture(i), i * 12, i * step)
    yield { keyframes: [{ frame, reason: 'motion', motion: 0, sharpness: 0 }] }
  }
}

describe('createLiteCaptioner', () => {
  let reader: TextReader & AsyncDisposable
  beforeAll(async () => {
    reader = await createPpOcrReader({ runtime: createOnnxRuntime() })
  })
  afterAll(() => reader[Symbol.asyncDispose]())

  it('reads a sign on a walk past it as one track that ends with the right words', async () => {
    const captioner = createLiteCaptioner({ reader })
    const moments = await collect(captioner.caption(momentsOf(8, walk), { source: 'walk.mp4' }))
    expect(moments).toHaveLength(8)
    const captions = moments.flatMap((moment) => moment.captions)
    expect(new Set(captions.map((caption) => caption.track)).size).toBe(1)
    const last = captions.at(-1)!
    expect(last.text).toBe(sign.join('\n'))
    expect(last.origin).toBe('read')
    expect(last.confidence).toBeGreaterThan(0.9)
    expect(last.evidence.source).toBe('walk.mp4')
    expect(last.evidence.endSeconds).toBeGreaterThan(last.evidence.startSeconds)
  })

  it('reads a view that does not change three times, no more, and not more often than the rate', async () => {
    const reads: number[] = []
    const counting: TextReader = {
      read: (frame, call) => {
        reads.push(frame.seconds)
        return reader.read(frame, call)
      },
    }
    const captioner = createLiteCaptioner({ reader: counting, maxReadRate: 1 })
    await collect(
      captioner.caption(
        momentsOf(16, () => walk(2), 0.5),
        { source: 'still.mp4' },
      ),
    )
    expect(reads).toEqual([0, 1, 2])
  })

  it('tells nothing of views without text', async () => {
    const captioner = createLiteCaptioner({ reader })
    const wall = (i: number) =>
      draw(848, 480, (context) => {
        const shade = context.createLinearGradient(0, 0, 848, 480)
        shade.addColorStop(0, `hsl(${i * 40} 30% 70%)`)
        shade.addColorStop(1, '#333')
        context.fillStyle = shade
        context.fillRect(0, 0, 848, 480)
      })
    const moments = await collect(captioner.caption(momentsOf(6, wall), { source: 'wall.mp4' }))
    expect(moments.flatMap((moment): readonly Caption[] => moment.captions)).toEqual([])
  })

  it('needs a reader or a detector, and numbers in range', () => {
    expect(() => createLiteCaptioner({})).toThrow(/reader and detector/)
    expect(() => createLiteCaptioner({ reader, maxReadRate: 0 })).toThrow(/maxReadRate is 0/)
    expect(() => createLiteCaptioner({ reader, minScore: Number.NaN })).toThrow(/minScore is NaN/)
  })
})
