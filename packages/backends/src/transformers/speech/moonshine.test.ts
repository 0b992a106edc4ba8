import { createGraph } from '@perstream/onnx'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../../onnx'
import { createSpeechRecognizer } from '../../transformers'
import { loadLibrary } from '../library'
import {
  decodePlainly,
  decoderGraph,
  type LookAlikeFolder,
  lookAlikeFolder,
  matrix,
  meanOf,
  rowOf,
  times,
  tinyDecoder,
  weight,
  writeTokenizer,
} from '../look-alikes'
import { openModelFolder } from '../model-folder'
import { nodePlatform } from '../node-platform'
import { chunksOf } from './golden-clips'
import { isInvented } from './invented'
import { openSpeechModel } from './open-speech-model'

const width = 6
const step = 160
const [start, end] = [1, 2]
const words = ['<unk>', '<s>', '</s>', 'we', 'meet', 'at', 'the', 'harbour.', 'Bring', 'your', 'coat.']
const tiny = tinyDecoder(words.length, width, 31)
const projection = matrix(step, width, 3, 0.4)
let folder: LookAlikeFolder

beforeAll(async () => {
  folder = await lookAlikeFolder()
  await writeTokenizer(folder, words, 3)
  await folder.json('config.json', {
    ...{ model_type: 'moonshine', decoder_num_hidden_layers: 1, decoder_start_token_id: start, eos_token_id: end },
  })
  const encoder = createGraph({ name: 'encoder' })
  const sound = encoder.input('input_values', 'float32', [1, 'samples'])
  const frames = encoder.node('Reshape', [sound, encoder.int64([1, -1, step])])
  const states = encoder.node('Tanh', [encoder.node('MatMul', [frames, weight(encoder, projection)])])
  encoder.output('last_hidden_state', states, 'float32', [1, 'frames', width])
  await folder.model('encoder_model', encoder)
  await folder.model('decoder_model_merged', decoderGraph(tiny, { input: 'input_ids', encoder: true }))
})
afterAll(() => folder.remove())

/** What plain arithmetic writes for a stretch. */
function expected(samples: Float32Array) {
  const frames = Array.from({ length: samples.length / step }, (_, i) =>
    times(samples.subarray(i * step, (i + 1) * step), projection).map(Math.tanh),
  )
  const limit = Math.floor((samples.length / 16000) * 6.5)
  return decodePlainly(tiny, [rowOf(tiny.embedding, start)], meanOf(frames), { end, limit })
}

/** One pattern over and over, so that the mean of the frames tells sounds apart. */
function soundOf(seed: number): Float32Array {
  const pattern = matrix(1, step, seed, 0.5).data
  return Float32Array.from({ length: 20480 }, (_, i) => pattern[i % step]!)
}

describe('a Moonshine look-alike', () => {
  it('writes what plain arithmetic writes', async () => {
    const library = await loadLibrary('The test')
    const runtime = createOnnxRuntime()
    const options = {
      folder: openModelFolder(folder.path, nodePlatform),
      library,
      runtime,
      open: {},
      language: undefined,
    }
    await using model = await openSpeechModel(options)
    const texts = new Set<string>()
    for (let seed = 0; seed < 12; seed++) {
      const samples = soundOf(seed)
      const { tokens, meanLogProbability } = expected(samples)
      const written = await model.transcribe(samples)
      expect(written.tokens).toEqual(tokens)
      expect(written.meanLogProbability).toBeCloseTo(meanLogProbability, 4)
      const text = tokens.flatMap((token) => (token > 2 ? [words[token]] : [])).join(' ')
      expect(written.parts).toEqual(text === '' ? [] : [{ text, from: 0, to: 1.28 }])
      texts.add(text)
    }
    expect(texts.size).toBeGreaterThan(2)
  })

  it('is heard through the recogniser, which leaves out what goes round in circles', async () => {
    await using recognizer = await createSpeechRecognizer({ model: folder.path, device: 'cpu', vad: false })
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 12; seed++) {
      const samples = soundOf(seed)
      const { tokens, meanLogProbability } = expected(samples)
      const text = tokens.flatMap((token) => (token > 2 ? [words[token]] : [])).join(' ')
      const parts = [{ text, from: 0, to: 1.28 }]
      const invented = await isInvented({ tokens, meanLogProbability, parts, noSpeechProbability: undefined })
      const heard: string[] = []
      for await (const utterance of recognizer.transcribe(chunksOf(samples, 7))) {
        expect(utterance.confidence).toBeCloseTo(Math.exp(meanLogProbability), 4)
        expect(utterance.startSeconds).toBeGreaterThanOrEqual(7)
        expect(utterance.endSeconds).toBeLessThanOrEqual(8.281)
        heard.push(utterance.text)
      }
      expect(heard.join(' ')).toBe(invented ? '' : text)
      outcomes.add(invented ? 'left out' : heard.length > 0 ? 'heard' : 'nothing')
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(['left out', 'heard']))
  })
})
