import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRandom } from '@perstream/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeClip } from './support/clip'
import { events, ofType, perstream } from './support/command'
import { inspect, scratchFolder, walkSigns } from './support/walk'

const noFfmpeg = spawnSync('ffmpeg', ['-version']).status !== 0
const scratch = scratchFolder()
const store = scratch.path('memory')
const whole = scratch.path('whole.mp4')
const streamed = scratch.path('streamed.mp4')
let stored: string[]

beforeAll(async () => {
  writeClip(whole, { seconds: 6, signs: walkSigns, faststart: false })
  writeClip(streamed, { seconds: 6, signs: walkSigns })
  await perstream('run', whole, '--store', store, '--end', '3')
  stored = await texts()
  expect(stored).toHaveLength(1)
}, 180_000)
afterAll(() => scratch.remove())

const texts = async () => (await inspect(store)).newest.map(({ text }) => text)

/** Writes a file and gives its path. */
function fileOf(name: string, bytes: Uint8Array | string): string {
  const path = scratch.path(name)
  writeFileSync(path, bytes)
  return path
}

/** The first part of a file. */
const partOf = (path: string, part: number) => {
  const bytes = readFileSync(path)
  return bytes.subarray(0, Math.floor(bytes.length * part))
}

/** A file with noise in the middle of its frames. */
function damaged(path: string): Uint8Array {
  const bytes = readFileSync(path)
  const random = createRandom(7)
  for (let i = Math.floor(bytes.length * 0.4); i < bytes.length * 0.5; i++) bytes[i] = Math.floor(random.next() * 256)
  return bytes
}

/** One second of silence, as a WAV file. */
function silence(): Uint8Array {
  const wave = Buffer.alloc(44 + 16_000)
  wave.write('RIFF', 0, 'latin1')
  wave.writeUInt32LE(wave.length - 8, 4)
  wave.write('WAVEfmt ', 8, 'latin1')
  wave.writeUInt32LE(16, 16)
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    wave.writeUInt16LE(value, at)
  wave.writeUInt32LE(8000, 24)
  wave.writeUInt32LE(16_000, 28)
  wave.write('data', 36, 'latin1')
  wave.writeUInt32LE(16_000, 40)
  return wave
}

function folder(name: string): string {
  mkdirSync(scratch.path(name))
  return scratch.path(name)
}

function ffmpeg(name: string, ...args: string[]): string {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args, scratch.path(name)])
  return scratch.path(name)
}

const noise = () => Uint8Array.from({ length: 50_000 }, (_, i) => (i * 7919 + (i >> 3)) & 255)

describe('what is no video', () => {
  it.each([
    ['a missing file', () => scratch.path('missing.mp4'), /There is no file \S+missing\.mp4: check the path/],
    ['a folder', () => folder('folder.mp4'), /folder\.mp4 cannot be read as video: it is a folder/],
    ['a text', () => fileOf('text.mp4', 'Dear Anna,\nhow are you?\n'.repeat(99)), /text\.mp4 .*: it holds text/],
    ['an empty file', () => fileOf('empty.mp4', ''), /empty\.mp4 .*: it is empty \(0 bytes\)/],
    ['noise', () => fileOf('noise.mp4', noise()), /noise\.mp4 .* video/],
    ['sound', () => fileOf('sound.wav', silence()), /sound\.wav has no video to read: it holds sound/],
    ['a recording without its index', () => fileOf('cut.mp4', partOf(whole, 0.6)), /cut\.mp4 .*: its index \(the moov/],
    ['the first bytes of a video', () => fileOf('head.mp4', partOf(streamed, 0.001)), /head\.mp4 cannot be read/],
    [
      'a host that is not there',
      () => 'rtsp://127.0.0.1:9/live',
      /rtsp:\/\/127\.0\.0\.1:9\/live cannot be read as video/,
    ],
  ])('%s is refused, by name and cause', async (_name, make, words) => {
    const { code, stdout, stderr } = await perstream('run', make(), '--store', store)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(words)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(await texts()).toEqual(stored)
  })
})

it('makes no memory for a video that cannot be read', async () => {
  const fresh = scratch.path('never-made')
  const { code } = await perstream('run', scratch.path('missing.mp4'), '--store', fresh)
  expect({ code, made: existsSync(fresh) }).toEqual({ code: 1, made: false })
})

describe('what is odd, damaged or small', () => {
  /** Runs it to its end, and says what it was warned of. */
  async function watch(path: string) {
    const { code, stderr, events: told } = await events('run', path, '--store', store)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(told.at(-1)).toMatchObject({ type: 'finished' })
    expect(await texts()).toEqual(expect.arrayContaining(stored))
    return {
      codes: ofType(told, 'warning').map((warning) => warning.code),
      messages: ofType(told, 'warning').map(({ message }) => message),
      frames: ofType(told, 'frame-kept').length,
      started: ofType(told, 'started')[0]!,
    }
  }

  it('a file cut in the middle gives its readable part, and a warning', async () => {
    const path = fileOf('half.mp4', partOf(streamed, 0.6))
    const { codes, messages, frames } = await watch(path)
    expect(codes).toContain('file-truncated')
    expect(messages.join()).toContain(path)
    expect(frames).toBeGreaterThan(0)
  })

  it('corrupt packets are stepped over, with a warning', async () => {
    const path = fileOf('damaged.mp4', damaged(streamed))
    const { codes, messages, frames } = await watch(path)
    expect(codes).toContain('packet-corrupt')
    expect(messages.join()).toContain(path)
    expect(frames).toBeGreaterThan(1)
  })

  it.each([
    ['one frame', { seconds: 1 / 15 }, 640, 360],
    ['2x2 pixels', { seconds: 1, width: 2, height: 2 }, 2, 2],
    ['16x16 pixels', { seconds: 1, width: 16, height: 16 }, 16, 16],
    ['1280x32 pixels', { seconds: 1, width: 1280, height: 32 }, 1280, 32],
  ])('%s', async (name, options, width, height) => {
    const path = scratch.path(`${name}.mp4`)
    writeClip(path, options)
    const { codes, started, frames } = await watch(path)
    expect({ codes, width: started.width, height: started.height }).toEqual({ codes: [], width, height })
    expect(frames).toBeGreaterThan(0)
  })

  const test = (size: string, seconds: number) => [
    '-f',
    'lavfi',
    '-i',
    `testsrc=size=${size}:rate=10:duration=${seconds}`,
  ]
  it.skipIf(noFfmpeg).each([
    ['1x1 pixels', 'dot.mkv', [...test('1x1', 1), '-c:v', 'ffv1']],
    ['odd sizes', 'odd.mkv', [...test('333x77', 1), '-c:v', 'ffv1']],
    ['8K', '8k.mp4', [...test('7680x4320', 0.2), '-c:v', 'libx264', '-preset', 'ultrafast']],
    ['negative times', 'negative.mkv', [...test('320x240', 3), '-c:v', 'libx264', '-output_ts_offset', '-1.5']],
    [
      'sound that goes on after the pictures',
      'sound.mkv',
      [...test('64x64', 1), '-f', 'lavfi', '-i', 'sine=duration=3'],
    ],
  ])('%s (skipped: no ffmpeg to make it)', async (_name, file, args) => {
    const { started, frames } = await watch(ffmpeg(file, ...args))
    expect(started.width).toBeGreaterThan(0)
    expect(frames).toBeGreaterThan(0)
  })
})
