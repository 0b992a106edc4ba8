import type { Utterance } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSpeechRecognizer, probeSpeech } from '../transformers'
import { chunksOf, goldenClips, samplesOf, whisperFolder, wordErrorRate } from './speech/golden-clips'

const clip = (name: string) => goldenClips.find((one) => one.name === name)!

it('can be asked whether speech can be heard', async () => {
  expect(await probeSpeech()).toMatchObject({ available: true, version: expect.stringMatching(/^transformers.js 4/) })
})

const title = `speech recogniser${whisperFolder ? '' : ' (skipped: no shared material)'}`
describe.skipIf(!whisperFolder)(title, () => {
  let recognizer: Awaited<ReturnType<typeof createSpeechRecognizer>>

  beforeAll(async () => {
    recognizer = await createSpeechRecognizer({ model: whisperFolder!, device: 'cpu' })
  }, 60_000)
  afterAll(() => recognizer?.[Symbol.asyncDispose]())

  const hear = async (samples: Float32Array, start = 0): Promise<Utterance[]> => {
    const utterances: Utterance[] = []
    for await (const utterance of recognizer.transcribe(chunksOf(samples, start))) utterances.push(utterance)
    return utterances
  }

  it.each([
    ['dentist', 0],
    ['keys', 0.13],
    ['parcel', 0.09],
    ['train', 0.08],
    ['long', 0.1],
  ])('hears %s with at most %s of its words wrong', async (name, limit) => {
    const heard = await hear(samplesOf(clip(name)))
    expect(wordErrorRate(heard.map(({ text }) => text).join(' '), clip(name).spoken!)).toBeLessThanOrEqual(limit)
    for (const { confidence } of heard) expect(confidence).toBeGreaterThan(0.5)
  })

  it('knows when each sentence was said', async () => {
    const parcel = await hear(samplesOf(clip('parcel')), 100)
    expect(parcel.map(({ text }) => text)).toEqual([
      'The parcel arrived this morning.',
      "Please call me office before 5 o'clock.",
    ])
    const times = parcel.flatMap(({ startSeconds, endSeconds }) => [startSeconds, endSeconds])
    for (const [i, seconds] of [100.1, 102, 103.1, 105.5].entries())
      expect(Math.abs(times[i]! - seconds)).toBeLessThan(0.3)
    const long = clip('long')
    const heard = await hear(samplesOf(long))
    expect(heard).toHaveLength(long.sequential!.length)
    long.sequential!.forEach(({ start, end }, i) => {
      expect(Math.abs(heard[i]!.startSeconds - start)).toBeLessThan(0.6)
      expect(Math.abs(heard[i]!.endSeconds - end)).toBeLessThan(0.6)
    })
  })

  it.each([0, 2, 5])('hears what is left, no more and no less, from the end of sentence %i on', async (last) => {
    const samples = samplesOf(clip('long'))
    const whole = await hear(samples)
    const from = whole[last]!.endSeconds
    const rest = await hear(samples.slice(Math.round(from * 16000)), from)
    expect(rest).toHaveLength(whole.length - last - 1)
    for (const [i, { startSeconds }] of rest.entries())
      expect(Math.abs(startSeconds - whole[last + 1 + i]!.startSeconds)).toBeLessThan(1)
  })

  it('hears the same in several streams at once, and goes on after one was left', async () => {
    for await (const _ of recognizer.transcribe(chunksOf(samplesOf(clip('dentist'))))) break
    const [dentist, keys] = await Promise.all([hear(samplesOf(clip('dentist'))), hear(samplesOf(clip('keys')))])
    expect(dentist[0]!.text).toBe("My dentist appointment is on Tuesday at 3 o'clock.")
    expect(keys[0]!.text).toBe('I left the key under the flower pot.')
  })

  it('says what does not fit', async () => {
    const wrongRate = async function* () {
      yield { samples: new Float32Array(8000), sampleRate: 8000, startSeconds: 0 }
    }
    await expect(recognizer.transcribe(wrongRate())[Symbol.asyncIterator]().next()).rejects.toThrow(/8000 samples/)
    const reason = new Error('stop')
    const stopped = recognizer.transcribe(chunksOf(samplesOf(clip('dentist'))), { signal: AbortSignal.abort(reason) })
    await expect(stopped[Symbol.asyncIterator]().next()).rejects.toBe(reason)
  })

  it.each(['noise', 'zeros'])('hears nothing in %s, with and without a detector of speech', async (name) => {
    expect(await hear(samplesOf(clip(name)))).toEqual([])
    await using plain = await createSpeechRecognizer({ model: whisperFolder!, device: 'cpu', vad: false })
    for await (const utterance of plain.transcribe(chunksOf(samplesOf(clip(name))))) expect.fail(utterance.text)
  })

  it('says what is missing', async () => {
    await expect(createSpeechRecognizer({ model: '/nowhere' })).rejects.toMatchObject({ code: 'model-missing' })
    await expect(createSpeechRecognizer({ model: whisperFolder!, language: 'de' })).rejects.toMatchObject({
      code: 'model-unsupported',
    })
    await expect(createSpeechRecognizer({ model: whisperFolder!, dtype: 'q4' })).rejects.toMatchObject({
      code: 'model-missing',
    })
    await expect(createSpeechRecognizer({ model: whisperFolder!, vad: { longest: 60 } })).rejects.toThrow(TypeError)
  })
})
