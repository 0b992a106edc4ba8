import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  audioContract,
  renderBarClip,
  renderToneClip,
  type ToneClip,
  type ToneClipOptions,
} from '@perstream/conformance'
import type { AudioChunk, FrameSourceDriver, Warning } from '@perstream/spec'
import type { AudioDriver } from '@perstream/video'
import { ffmpegDriver } from '@perstream/video/ffmpeg'
import { nodeAvDriver } from '@perstream/video/node-av'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ffmpeg, noFfmpeg, temporaryFolder } from './media'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
const at = (name: string) => join(folder.path, name)

const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '20', '-pix_fmt', 'yuv420p']
const vp8 = ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8']
const seconds = 5
const bursts = [
  { from: 1.3, to: 1.8 },
  { from: 3.9, to: 4.35 },
]

interface Recipe extends Omit<ToneClipOptions, 'seconds' | 'bursts'> {
  readonly name: string
  readonly file: string
  readonly amplitude?: number
  readonly tolerance?: number
  readonly bursts?: ToneClip['bursts']
}

const recipes: readonly Recipe[] = [
  { name: 'mp4, AAC, 48 kHz', file: 'a.mp4', output: [...x264, '-c:a', 'aac', '-b:a', '128k'] },
  {
    name: 'mp4, AAC, 44.1 kHz, stereo of which one side sounds',
    file: 'stereo.mp4',
    sampleRate: 44100,
    channels: 'left',
    amplitude: 0.25,
    output: [...x264, '-c:a', 'aac', '-b:a', '192k'],
  },
  { name: 'mkv, FLAC, 44.1 kHz', file: 'a.mkv', sampleRate: 44100, output: [...x264, '-c:a', 'flac'] },
  { name: 'webm, Opus', file: 'a.webm', output: [...vp8, '-c:a', 'libopus'] },
  { name: 'webm, Vorbis, 44.1 kHz', file: 'v.webm', sampleRate: 44100, output: [...vp8, '-c:a', 'libvorbis'] },
  { name: 'avi, PCM', file: 'a.avi', output: ['-c:v', 'mpeg4', '-c:a', 'pcm_s16le'] },
  {
    name: 'avi, MP3, 44.1 kHz',
    file: 'mp3.avi',
    sampleRate: 44100,
    // AVI has no place for the delay of an MP3 encoder, which is 25 ms.
    tolerance: 0.045,
    output: ['-c:v', 'mpeg4', '-c:a', 'libmp3lame'],
  },
  { name: 'ts, AAC, 48 kHz', file: 'a.ts', output: [...x264, '-c:a', 'aac'] },
  {
    name: 'mp4 whose sound begins later',
    file: 'late.mp4',
    soundFrom: 0.7,
    output: [...x264, '-c:a', 'aac', '-b:a', '128k'],
  },
  { name: 'mkv whose sound begins later', file: 'late.mkv', soundFrom: 0.7, output: [...x264, '-c:a', 'flac'] },
  {
    name: 'mkv that begins at second 7',
    file: 'offset.mkv',
    output: [...x264, '-c:a', 'flac', '-output_ts_offset', '7'],
  },
  {
    name: 'mkv with a hole in its sound',
    file: 'hole.mkv',
    hole: { from: 2, to: 3.2 },
    output: [...x264, '-c:a', 'pcm_s16le'],
  },
]

const clips: ToneClip[] = recipes.map(({ name, file, amplitude, tolerance }) => ({
  ...{ name, path: () => at(file), seconds, bursts },
  ...{ amplitude, tolerance },
}))

beforeAll(async () => {
  folder = await temporaryFolder()
  if (noFfmpeg) return
  for (const { file, name: _, amplitude: _loud, tolerance: _far, ...options } of recipes)
    await renderToneClip(at(file), { seconds, bursts, ...options })
  await renderBarClip(at('silent.mp4'), { frames: 20 })
  await renderToneClip(at('only.m4a'), { seconds, bursts, picture: false, output: ['-c:a', 'aac'] })
  await renderToneClip(at('corrupt.mkv'), { seconds, bursts, output: [...x264, '-c:a', 'flac'] })
  await scribble(at('corrupt.mkv'))
  await ffmpeg('-i', at('a.mp4'), '-map', '0:v', '-c', 'copy', at('picture.mp4'))
}, 120_000)

afterAll(() => folder.remove())

/** Overwrites stretches of the second half with noise, past any header. */
async function scribble(path: string): Promise<void> {
  const bytes = await readFile(path)
  for (let i = 0; i < 6; i++)
    for (let k = 0; k < 400; k++) bytes[Math.floor(bytes.length * (0.4 + i * 0.08)) + k] = (k * 37 + i * 11) & 255
  await writeFile(path, bytes)
}

async function gather(audio: AsyncIterable<AudioChunk>): Promise<AudioChunk[]> {
  const chunks: AudioChunk[] = []
  for await (const chunk of audio) chunks.push(chunk)
  return chunks
}

const length = (chunks: readonly AudioChunk[]) =>
  chunks.reduce((sum, { samples, sampleRate }) => sum + samples.length / sampleRate, 0)

/** Programs started by this process that are still there. */
function children(): string[] {
  return readdirSync('/proc').flatMap((id) => {
    if (!/^\d+$/.test(id)) return []
    try {
      const [, name, , parent] = /\((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${id}/stat`, 'utf8')) ?? []
      return Number(parent) === process.pid && name === 'ffmpeg' ? [id] : []
    } catch {
      return []
    }
  })
}

const drivers: readonly (() => FrameSourceDriver & AudioDriver)[] = [() => nodeAvDriver(), () => ffmpegDriver()]
for (const create of drivers) {
  const { name } = create()
  audioContract({ name, create, clips, silent: () => at('picture.mp4'), skip: noFfmpeg })

  describe.skipIf(noFfmpeg)(`sound through ${name}${noFfmpeg ? ` (skipped: ${noFfmpeg})` : ''}`, () => {
    it('says that what has only sound has no video, and lets it be heard', async () => {
      await expect(create().open(at('only.m4a'))).rejects.toMatchObject({ code: 'source-no-video' })
      const chunks = await gather(create().openAudio(at('only.m4a')))
      expect(length(chunks)).toBeCloseTo(seconds, 1)
      const part = await gather(create().openAudio(at('only.m4a'), { start: 1, end: 2.5, sampleRate: 8000 }))
      expect(part[0]).toMatchObject({ sampleRate: 8000, startSeconds: 1 })
      expect(length(part)).toBe(1.5)
    })

    it('says what there is not', async () => {
      await expect(gather(create().openAudio(at('picture.mp4')))).rejects.toThrow(/no sound to hear/)
      await expect(gather(create().openAudio(at('missing.mp4')))).rejects.toMatchObject({ code: 'source-not-found' })
    })

    it('is heard from a web server too', async () => {
      const bytes = await readFile(at('a.mkv'))
      const server = createServer((_, response) => response.end(bytes)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        await using source = await create().open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a.mkv`)
        expect(length(await gather(source.audio!()))).toBeCloseTo(seconds, 1)
      } finally {
        server.close()
      }
    })

    it('goes on after damage, warns once, and keeps what follows in its place', async () => {
      const warnings: Warning[] = []
      const options = { onWarning: (warning: Warning) => warnings.push(warning) }
      const chunks = await gather(create().openAudio(at('corrupt.mkv'), options))
      expect(length(chunks)).toBeGreaterThan(4)
      expect(warnings.map(({ code }) => code)).toEqual(['sound-corrupt'])
    })

    it.skipIf(process.platform !== 'linux')('leaves no program behind', async () => {
      const source = await create().open(at('a.mp4'))
      for await (const _ of source.audio!()) break
      const paused = source.audio!()[Symbol.asyncIterator]()
      await paused.next()
      await source[Symbol.asyncDispose]()
      expect(children()).toEqual([])
    })
  })
}
