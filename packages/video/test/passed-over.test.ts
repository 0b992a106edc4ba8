import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { nodeAvDriver } from '@perstream/video/node-av'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ffmpeg, noFfmpeg, temporaryFolder } from './media'

let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
  if (noFfmpeg) return
  const moving = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=30:d=4', '-c:v', 'libx264', '-pix_fmt', 'yuv420p']
  await ffmpeg(...moving, '-bf', '3', '-b-pyramid', 'normal', '-g', '40', join(folder.path, 'pyramid.mp4'))
  await ffmpeg(...moving, '-bf', '0', join(folder.path, 'forward.mp4'))
  await ffmpeg(...moving, '-bf', '3', '-flags', '+ilme+ildct', '-x264opts', 'tff', join(folder.path, 'fields.mp4'))
})

afterAll(() => folder.remove())

async function hashes(name: string, stride: number, threads: number, start: number): Promise<Map<number, string>> {
  await using source = await nodeAvDriver({ threads }).open(join(folder.path, name), { stride, start })
  const found = new Map<number, string>()
  for await (const frame of source) {
    const { data } = await frame.pixels()
    found.set(frame.index, createHash('sha1').update(data).digest('hex'))
    frame.release()
  }
  return found
}

describe.skipIf(noFfmpeg)(`packets that no sampled frame needs${noFfmpeg ? ` (skipped: ${noFfmpeg})` : ''}`, () => {
  it.each([
    ['pyramid.mp4', 4, 1, 0],
    ['pyramid.mp4', 3, 2, 0],
    ['pyramid.mp4', 7, 2, 1.7],
    ['forward.mp4', 4, 2, 0],
    ['fields.mp4', 4, 1, 0],
  ])(
    'change nothing of the frames of %s, every %i-th, %i thread(s), from %f s',
    async (name, stride, threads, start) => {
      const all = await hashes(name, 1, threads, start)
      const sampled = await hashes(name, stride, threads, start)
      expect(sampled.size).toBeGreaterThan(8)
      expect([...sampled]).toEqual([...all].filter(([index]) => index % stride === 0))
    },
  )
})
