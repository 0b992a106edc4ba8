import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdir, open, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderBarClip } from '@perstream/conformance'
import { type FrameSourceDriver, PerStreamError, type Warning } from '@perstream/spec'
import { createFlowKeyframes, openFrameSource } from '@perstream/video'
import { ffmpegDriver } from '@perstream/video/ffmpeg'
import { nodeAvDriver } from '@perstream/video/node-av'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ffmpeg, noFfmpeg, temporaryFolder } from './media'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
const at = (name: string) => join(folder.path, name)
const render = (name: string, source: string, ...output: string[]) =>
  ffmpeg('-f', 'lavfi', '-i', source, ...output, at(name))

beforeAll(async () => {
  folder = await temporaryFolder()
  await mkdir(at('folder'))
  await writeFile(at('empty.mp4'), '')
  await writeFile(at('text.mp4'), 'Dear diary, this is no video.\n'.repeat(40))
  await writeFile(
    at('no-moov.mp4'),
    Buffer.concat([box('ftyp', Buffer.from('isom\0\0\x02\0isom')), box('mdat', Buffer.alloc(5000, 7))]),
  )
  if (noFfmpeg) return
  await renderBarClip(at('whole.mp4'), { frames: 300 })
  await ffmpeg('-i', at('whole.mp4'), '-c', 'copy', '-movflags', '+faststart', at('cut.mp4'))
  await truncate(at('cut.mp4'), Math.floor((await readFile(at('cut.mp4'))).length / 2))
  await ffmpeg('-i', at('whole.mp4'), '-c', 'copy', at('cut.mkv'))
  await truncate(at('cut.mkv'), Math.floor((await readFile(at('cut.mkv'))).length / 2))
  await ffmpeg('-i', at('whole.mp4'), '-c', 'copy', '-movflags', '+faststart', at('corrupt.mp4'))
  await scribble(at('corrupt.mp4'))
  await render('sound.mp4', 'sine=d=1', '-c:a', 'aac')
  await render('one.mp4', 'testsrc2=s=64x48:r=30:d=1', '-frames:v', '1', '-c:v', 'mpeg4')
  await render('dot.mkv', 'color=red:s=8x8:r=10:d=1,format=bgr0,crop=1:1:0:0', '-c:v', 'ffv1')
  await render('huge.mp4', 'color=blue:s=7680x4320:r=1', '-frames:v', '2', '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p')
  await render('odd.mkv', 'testsrc2=s=317x239:r=10:d=1', '-c:v', 'ffv1', '-pix_fmt', 'yuv444p')
  for (const name of ['negative.mp4', 'negative.mkv'])
    await ffmpeg(
      '-i',
      at('whole.mp4'),
      '-c',
      'copy',
      '-output_ts_offset',
      '-3',
      '-avoid_negative_ts',
      'disabled',
      at(name),
    )
})

afterAll(() => folder.remove())

function box(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(content.length + 8)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, content])
}

async function scribble(path: string): Promise<void> {
  const { length } = await readFile(path)
  const file = await open(path, 'r+')
  for (let i = 0; i < 12; i++)
    await file.write(Buffer.alloc(250, 0xa5 ^ i), 0, 250, Math.floor(length * (0.3 + i * 0.05)))
  await file.close()
}

async function read(driver: FrameSourceDriver, name: string) {
  const warnings: Warning[] = []
  await using source = await driver.open(at(name), { stride: 1, onWarning: (warning) => warnings.push(warning) })
  const frames: { index: number; seconds: number; size: string }[] = []
  for await (const frame of source) {
    const { width, height } = await frame.pixels()
    frames.push({ index: frame.index, seconds: frame.seconds, size: `${width}x${height}` })
    frame.release()
  }
  return { frames, warnings: warnings.map(({ code }) => code), last: frames.at(-1) }
}

/** Children of this process that still run. */
function children(): string[] {
  const tasks = readdirSync(`/proc/${process.pid}/task`)
  return tasks
    .flatMap((task) =>
      spawnSync('cat', [`/proc/${process.pid}/task/${task}/children`])
        .stdout.toString()
        .split(/\s+/)
        .filter(Boolean),
    )
    .filter((pid) => {
      return /ff(mpeg|probe)/.test(spawnSync('cat', [`/proc/${pid}/cmdline`]).stdout.toString())
    })
}

const drivers = [nodeAvDriver(), ffmpegDriver()]

for (const driver of drivers) {
  const skipped = driver.name === 'ffmpeg' && noFfmpeg ? ` (skipped: ${noFfmpeg})` : ''
  describe.skipIf(skipped !== '')(`bad input through ${driver.name}${skipped}`, () => {
    it.each([
      ['missing.mp4', 'source-not-found', /There is no file .*missing\.mp4/],
      ['folder', 'source-unreadable', /folder/],
      ['empty.mp4', 'source-unreadable', /empty \(0 bytes\)/],
      ['text.mp4', 'source-unreadable', /holds text/],
      ['no-moov.mp4', 'source-unreadable', /moov/],
    ] as const)('refuses %s by name and cause', async (name, code, message) => {
      const error = await driver.open(at(name)).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(PerStreamError.isInstance(error) && error.code).toBe(code)
      expect((error as Error).message).toMatch(message)
      expect((error as Error).message).toContain(name)
    })
  })

  describe.skipIf(noFfmpeg !== undefined)(
    `damaged and odd clips through ${driver.name}${noFfmpeg ? ` (skipped: ${noFfmpeg})` : ''}`,
    () => {
      it('refuses a file without video', async () => {
        await expect(driver.open(at('sound.mp4'))).rejects.toMatchObject({ code: 'source-no-video' })
      })

      it.each(['cut.mp4', 'cut.mkv'])('reads the readable part of %s, with a warning', async (name) => {
        const { frames, warnings } = await read(driver, name)
        expect(frames.length).toBeGreaterThan(100)
        expect(frames.length).toBeLessThan(200)
        expect(warnings).toContain('file-truncated')
      })

      it('reads past corrupt packets, with a warning, and keeps true numbers', async () => {
        const { frames, warnings, last } = await read(driver, 'corrupt.mp4')
        expect(warnings).toContain('packet-corrupt')
        expect(warnings).not.toContain('file-truncated')
        expect(last!.index).toBeGreaterThan(250)
        for (const { index, seconds } of frames) expect(Math.abs(seconds - index / 30)).toBeLessThan(0.002)
      })

      it.each([
        ['one.mp4', 1, '64x48'],
        ['dot.mkv', 10, '1x1'],
        ['huge.mp4', 2, '398x224'],
        ['odd.mkv', 10, '297x224'],
      ] as const)('reads %s', async (name, count, size) => {
        const { frames, warnings } = await read(driver, name)
        expect(frames.map((frame) => frame.size)).toEqual(Array.from({ length: count }, () => size))
        expect(warnings).toEqual([])
      })

      it('counts from the first frame shown where earlier ones have negative timestamps', async () => {
        const { frames, last } = await read(driver, 'negative.mp4')
        expect([frames[0]!.index, last!.index, frames.length]).toEqual([0, 209, 210])
        expect(frames[0]!.seconds).toBeCloseTo(0, 2)
        expect(last!.seconds).toBeCloseTo(209 / 30, 2)
      })

      it('reads what it can of a file whose first timestamps cannot be stored', async () => {
        const { frames } = await read(driver, 'negative.mkv')
        expect(frames.length).toBeGreaterThanOrEqual(210)
        expect(frames.every(({ index }, i) => i === 0 || index > frames[i - 1]!.index)).toBe(true)
      })

      it('leaves no thread and no process behind: left, aborted, disposed', async () => {
        for (let i = 0; i < 3; i++) {
          const controller = new AbortController()
          const source = await driver.open(at('whole.mp4'), { stride: 1, signal: controller.signal })
          const reading = (async () => {
            for await (const frame of source) {
              frame.release()
              if (i === 0) break
              if (i === 1) controller.abort(new Error('enough'))
              if (i === 2) await source[Symbol.asyncDispose]()
            }
          })()
          await (i === 1 ? expect(reading).rejects.toThrow('enough') : reading)
          await source[Symbol.asyncDispose]()
        }
        if (process.platform === 'linux') expect(children()).toEqual([])
        expect(
          process.getActiveResourcesInfo().filter((kind) => /MessagePort|ProcessWrap/.test(kind)).length,
        ).toBeLessThanOrEqual(1)
      })
    },
  )
}

describe('opening with several drivers', () => {
  it('says what each driver needs when none works', async () => {
    const missing = ffmpegDriver({ ffmpegPath: '/no/such/ffmpeg' })
    const error = await openFrameSource(at('text.mp4'), { drivers: [missing, missing] }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'source-driver-missing' })
    expect((error as Error).message).toMatch(/\/no\/such\/ffmpeg does not start[\s\S]*Install ffmpeg/)
    await expect(openFrameSource(at('text.mp4'), { drivers: [] })).rejects.toThrow(/drivers is empty/)
  })

  it.skipIf(noFfmpeg)('takes the first that works', async () => {
    const drivers = [ffmpegDriver({ ffmpegPath: '/no/such/ffmpeg' }), nodeAvDriver()]
    await using source = await openFrameSource(at('one.mp4'), { drivers })
    let kept = 0
    for await (const { frame, reason } of createFlowKeyframes().select(source)) {
      expect(reason).toBe('first')
      frame.release()
      kept++
    }
    expect(kept).toBe(1)
  })
})
