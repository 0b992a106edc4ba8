import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { collect } from '@perstream/kit'
import type { Caption, Moment, TextReader } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCenterNet } from '../src/centernet'
import { createLiteCaptioner } from '../src/lite-captioner'
import { createPpOcrReader } from '../src/ppocr-reader'
import { frameOf } from './pictures'

const videos = join(process.env.PERSTREAM_SHARED ?? resolve(import.meta.dirname, '../../../../shared'), 'videos')
const reason = skipReason()

function skipReason(): string {
  if (!existsSync(videos)) return ' (skipped: no shared material)'
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' })
    return ''
  } catch {
    return ' (skipped: no ffmpeg)'
  }
}

/** Two frames a second, 480 high. */
async function* momentsOf(name: string, width: number): AsyncGenerator<Moment> {
  const filter = `fps=2,scale=${width}:480`
  const args = ['-v', 'error', '-i', join(videos, name), '-vf', filter, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']
  const raw = execFileSync('ffmpeg', args, { maxBuffer: 2 ** 29 })
  const size = width * 480 * 3
  for (let i = 0; (i + 1) * size <= raw.length; i++) {
    const frame = frameOf({ data: raw.subarray(i * size, (i + 1) * size), width, height: 480 }, i * 15, i / 2)
    yield { keyframes: [{ frame, reason: 'interval', motion: 0, sharpness: 0 }] }
  }
}

describe.skipIf(reason)(`reading real clips${reason}`, () => {
  let reader: TextReader & AsyncDisposable
  beforeAll(async () => {
    reader = await createPpOcrReader()
  })
  afterAll(() => reader[Symbol.asyncDispose]())

  // egoloc-video2 shows a tube of toothpaste, of whose name at most "Colg" can be made out.
  it.each([
    ['egoloc-video1.mp4', 854, []],
    ['egoloc-video2.mp4', 854, [/^C[ao][il]g$/]],
    ['egoloc-video3.mp4', 640, []],
    ['gopro-max-heromode.mp4', 848, []],
  ] as const)('reads no more in %s than stands there', async (name, width, written) => {
    const captioner = createLiteCaptioner({ reader })
    const moments = await collect(captioner.caption(momentsOf(name, width), { source: name }))
    expect(moments.length).toBeGreaterThan(1)
    const captions = moments.flatMap((moment): readonly Caption[] => moment.captions)
    const junk = captions.filter(({ text }) => !written.some((pattern) => pattern.test(text)))
    expect(junk.map(({ text }) => text)).toEqual([])
  })

  it('tells the parked cars on a walk as tags that are followed, with nothing else written', async () => {
    const detector = await createCenterNet()
    try {
      const captioner = createLiteCaptioner({ reader, detector })
      const moments = await collect(captioner.caption(momentsOf('gopro-max-heromode.mp4', 848), { source: 'walk' }))
      const captions = moments.flatMap((moment): readonly Caption[] => moment.captions)
      expect(new Set(captions.map(({ origin }) => origin))).toEqual(new Set(['seen']))
      expect(captions.some(({ text }) => /\bcar\b/.test(text))).toBe(true)
      expect(new Set(captions.map(({ track }) => track)).size).toBeLessThan(captions.length)
    } finally {
      await detector[Symbol.asyncDispose]()
    }
  })
})
