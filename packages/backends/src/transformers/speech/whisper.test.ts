import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../../onnx'
import { type Library, loadLibrary } from '../library'
import { openModelFolder } from '../model-folder'
import { nodePlatform } from '../node-platform'
import { goldenClips, samplesOf, whisperFolder } from './golden-clips'
import { isInvented } from './invented'
import { openSpeechModel } from './open-speech-model'
import type { SpeechModel } from './transcribed'

const title = `Whisper${whisperFolder ? '' : ' (skipped: no shared material)'}`
describe.skipIf(!whisperFolder)(title, () => {
  let library: Library
  let timed: SpeechModel
  let plain: SpeechModel

  beforeAll(async () => {
    library = await loadLibrary('The test')
    const options = {
      folder: openModelFolder(whisperFolder!, nodePlatform),
      library,
      runtime: createOnnxRuntime(),
      language: undefined,
    }
    const open = { device: 'cpu' } as const
    timed = await openSpeechModel({ ...options, open })
    plain = await openSpeechModel({ ...options, open, timestamps: false })
  }, 60_000)

  afterAll(async () => {
    await timed?.[Symbol.asyncDispose]()
    await plain?.[Symbol.asyncDispose]()
  })

  for (const clip of goldenClips)
    for (const window of clip.windows) {
      const samples = () => samplesOf(clip).slice(window.start * 16000, window.end * 16000)
      for (const kind of ['no_timestamps', 'with_timestamps'] as const)
        it(`writes the golden tokens of ${clip.name} from ${window.start} s, ${kind}`, async () => {
          const golden = window[kind]
          const written = await (kind === 'no_timestamps' ? plain : timed).transcribe(samples())
          const ids = golden.onnxruntime.token_ids ?? golden.token_ids
          expect(written.tokens).toEqual(ids.filter((id) => id !== 50256))
          expect(written.noSpeechProbability).toBeCloseTo(window.no_speech_probability, 1)
          const mean = golden.onnxruntime.mean_log_probability ?? golden.mean_log_probability
          expect(Math.abs(written.meanLogProbability - mean)).toBeLessThan(0.05)
          expect(await isInvented(written)).toBe(clip.spoken === undefined)
        })
    }

  it('is not harmed by a run that was aborted', async () => {
    const clip = goldenClips[0]!
    const reason = new Error('stop')
    const controller = new AbortController()
    const stopped = timed.transcribe(samplesOf(clip), { signal: controller.signal })
    controller.abort(reason)
    await expect(stopped).rejects.toBe(reason)
    expect((await timed.transcribe(samplesOf(clip))).parts.map(({ text }) => text)).toEqual([
      "My dentist appointment is on Tuesday at 3 o'clock.",
    ])
  })
})
