import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decoder, Demuxer } from 'node-av'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoScript, renderDemoClip } from '../dist/index.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perstream-demo-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Decodes a clip: its stream, its container's creation time, and the brightness planes of its frames. */
function decode(path: string) {
  const input = Demuxer.openSync(path)
  const stream = input.video()!
  const decoder = Decoder.createSync(stream)
  const frames: { seconds: number; luma: Buffer; key: boolean }[] = []
  for (const frame of decoder.framesSync(input.packetsSync(stream.index))) {
    if (!frame) continue
    const { num, den } = stream.timeBase
    frames.push({
      seconds: (Number(frame.pts) * num) / den,
      luma: Buffer.from(frame.data![0]!),
      key: Boolean(frame.keyFrame),
    })
    frame.free()
  }
  const codec = decoder.getCodec().name
  const created = input.getFormatContext().metadata?.get('creation_time')
  const size = [stream.codecpar.width, stream.codecpar.height]
  decoder.close()
  input.closeSync()
  return { codec, created, size, frames }
}

describe('renderDemoClip', () => {
  it('writes real H.264 with the frames asked for, moving, at 15 frames a second', async () => {
    const path = join(folder, 'sub', 'part.mp4')
    const progress: number[] = []
    await renderDemoClip({ seed: 3, path, start: 4, end: 5.2, onProgress: ({ done }) => progress.push(done) })
    const { codec, created, size, frames } = decode(path)
    expect(codec).toContain('h264')
    expect(size).toEqual([960, 540])
    expect(new Date(created!)).toEqual(demoScript(3).recordedAt)
    expect(progress).toEqual(Array.from({ length: 18 }, (_, i) => i + 1))
    expect(frames).toHaveLength(18)
    frames.forEach((frame, i) => {
      expect(frame.seconds).toBeCloseTo(i / 15, 5)
    })
    expect(frames[0]!.key).toBe(true)
    for (const { luma } of frames) {
      const mean = luma.reduce((sum, value) => sum + value, 0) / luma.length
      expect(mean).toBeGreaterThan(40)
      expect(mean).toBeLessThan(200)
    }
    expect(frames[0]!.luma.equals(frames[1]!.luma)).toBe(false)
  })

  it('leaves nothing behind when it is aborted', async () => {
    const path = join(folder, 'aborted', 'clip.mp4')
    const controller = new AbortController()
    const reason = new Error('enough')
    const rendering = renderDemoClip({
      seed: 3,
      path,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    })
    await expect(rendering).rejects.toBe(reason)
    expect(await readdir(join(folder, 'aborted'))).toEqual([])
  })

  it('refuses a range without frames', async () => {
    const path = join(folder, 'none.mp4')
    await expect(renderDemoClip({ seed: 3, path, start: 900 })).rejects.toThrow(TypeError)
    await expect(renderDemoClip({ seed: 3, path, start: 2, end: 2 })).rejects.toThrow(TypeError)
  })
})
