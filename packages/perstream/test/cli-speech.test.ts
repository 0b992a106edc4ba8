import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeClip } from './support/clip'
import { events, ofType, perstream, start } from './support/command'
import { inspect, scratchFolder } from './support/walk'

const shared = resolve(import.meta.dirname, '../../..', process.env.PERSTREAM_SHARED ?? '../shared')
const model = join(shared, 'models', 'whisper-tiny.en')
const missing = !existsSync(join(model, 'onnx'))
  ? 'no shared material'
  : spawnSync('ffmpeg', ['-version']).status !== 0
    ? 'no ffmpeg on PATH'
    : undefined

const scratch = scratchFolder()
afterAll(() => scratch.remove())

/** Lays spoken clips over a rendered picture, each from its second on. */
function mux(picture: string, clips: readonly { name: string; at: number }[], to: string): void {
  const inputs = clips.flatMap(({ name }) => ['-i', join(model, 'audio', `${name}.wav`)])
  const delayed = clips.map(({ at }, i) => `[${i + 1}:a]adelay=${at * 1000}:all=1[a${i}]`)
  const mixed = `${clips.map((_, i) => `[a${i}]`).join('')}amix=inputs=${clips.length}:normalize=0,apad[a]`
  const filter = [...delayed, mixed].join(';')
  const output = ['-map', '0:v', '-map', '[a]', '-c:v', 'copy', '-c:a', 'aac', '-b:a', '128k', '-shortest']
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', picture, ...inputs, '-filter_complex', filter, ...output, to])
}

describe.skipIf(missing)(`perstream run --speech${missing ? ` (skipped: ${missing})` : ''}`, () => {
  const walk = scratch.path('walk.mp4')
  const silent = scratch.path('silent.mp4')
  const hiss = scratch.path('hiss.mp4')

  beforeAll(() => {
    writeClip(silent, { seconds: 14, createdAt: '2026-05-17T12:00:00Z' })
    mux(
      silent,
      [
        { name: 'dentist', at: 2 },
        { name: 'keys', at: 9 },
      ],
      walk,
    )
    mux(silent, [{ name: 'noise', at: 1 }], hiss)
  }, 60_000)

  it('remembers what is said and answers from it, with its seconds, and shows it in the report', async () => {
    const store = scratch.path('said')
    const report = scratch.path('said.html')
    const question = 'When is my dentist appointment?'
    const run = await events(
      ...['run', walk, '--store', store, '--speech', model, '--report', report],
      ...['--ask', question, '--ask', 'Where did I leave the key?', '--ask-at', '0:04', question],
    )
    expect(run).toMatchObject({ code: 0 })
    const stored = ofType(run.events, 'memory-stored').filter(({ origin }) => origin === 'said')
    expect(stored.map(({ text }) => text)).toEqual([
      "My dentist appointment is on Tuesday at 3 o'clock.",
      'I left the key under the flower pot.',
    ])
    const [early, dentist, keys] = ofType(run.events, 'answered')
    expect(early!.answerable).toBe(false)
    expect(dentist!.text).toContain('Tuesday')
    const [seen] = dentist!.citations[0]!.evidence
    expect(seen!.startSeconds).toBeGreaterThan(1.8)
    expect(seen!.startSeconds).toBeLessThan(2.5)
    expect(seen!.endSeconds).toBeGreaterThan(5)
    expect(seen!.endSeconds).toBeLessThan(6)
    expect(keys!.text).toContain('flower pot')
    const { sources } = await inspect(store)
    expect(sources.map(({ source }) => source.replace(/#.*/, '')).sort()).toEqual(['sound of walk.mp4', 'walk.mp4'])
    expect(existsSync(report)).toBe(true)

    const again = await events('run', walk, '--store', store, '--speech', model)
    expect(ofType(again.events, 'memory-stored')).toEqual([])
  }, 180_000)

  it('adds what is said to what was seen before', async () => {
    const store = scratch.path('later')
    const first = await events('run', walk, '--store', store, '--end', '4')
    expect(ofType(first.events, 'memory-stored').filter(({ origin }) => origin === 'said')).toEqual([])
    const second = await events('run', walk, '--store', store, '--speech', model)
    expect(ofType(second.events, 'memory-stored').filter(({ origin }) => origin === 'said')).toHaveLength(2)
  }, 180_000)

  it('loses and doubles nothing that was said when it is killed', async () => {
    const store = scratch.path('killed')
    const killed = start(['run', walk, '--store', store, '--speech', model, '--json'])
    await killed.line((line) => line.includes('"origin":"said"'))
    killed.child.kill('SIGKILL')
    expect((await killed.ended).code).toBe('SIGKILL')
    const again = await events('run', walk, '--store', store, '--speech', model)
    expect(again.code).toBe(0)
    const { newest } = await inspect(store)
    expect(
      newest
        .filter(({ text }) => /dentist|key/.test(text))
        .map(({ text }) => text)
        .sort(),
    ).toEqual(['I left the key under the flower pot.', "My dentist appointment is on Tuesday at 3 o'clock."])
  }, 180_000)

  it('makes no memory of noise, and warns of a video without sound', async () => {
    const noise = await events('run', hiss, '--store', scratch.path('noise'), '--speech', model)
    expect(ofType(noise.events, 'memory-stored').filter(({ origin }) => origin === 'said')).toEqual([])
    expect(ofType(noise.events, 'warning')).toEqual([])
    const quiet = await events('run', silent, '--store', scratch.path('quiet'), '--speech', model)
    expect(quiet.code).toBe(0)
    expect(ofType(quiet.events, 'warning')).toMatchObject([{ code: 'sound-missing' }])
  }, 180_000)

  it('says what is wrong with the model', async () => {
    const wrong = await perstream('run', walk, '--store', scratch.path('wrong'), '--speech', '/nowhere')
    expect(wrong.code).not.toBe(0)
    expect(wrong.stderr).toContain('/nowhere')
    const none = await perstream('run', walk, '--store', scratch.path('none'), '--speech')
    expect(none.stderr).toMatch(/--speech needs a model/)
  }, 60_000)
})
