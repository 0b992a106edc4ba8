import { WhisperFeatureExtractor } from '@huggingface/transformers'
import { createGraph } from '@perstream/onnx'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../../onnx'
import { type Library, loadLibrary } from '../library'
import {
  decoderGraph,
  type LookAlikeFolder,
  lookAlikeFolder,
  matrix,
  meanOf,
  plainDecoder,
  probabilityOf,
  rowOf,
  times,
  tinyDecoder,
  weight,
  writeTokenizer,
} from '../look-alikes'
import { openModelFolder } from '../model-folder'
import { nodePlatform } from '../node-platform'
import { openSpeechModel } from './open-speech-model'

const width = 6
const words = ['<unk>', 'wir', 'treffen', 'uns', 'am', 'Hafen', 'morgen', 'um', 'neun']
const [end, start, english, german, transcribe, noSpeech, noTimestamps] = [9, 10, 11, 12, 13, 14, 15]
const vocabulary = 41
const tiny = tinyDecoder(vocabulary, width, 41)
const projection = matrix(80, width, 4, 0.5)
const preprocessor = {
  ...{ feature_size: 80, n_fft: 400, hop_length: 160, sampling_rate: 16000 },
  ...{ n_samples: 480000, nb_max_frames: 3000 },
}
const longest = 12
let folder: LookAlikeFolder
let library: Library

beforeAll(async () => {
  library = await loadLibrary('The test')
  folder = await lookAlikeFolder()
  await writeTokenizer(folder, words, 1)
  await folder.json('preprocessor_config.json', preprocessor)
  await folder.json('config.json', {
    ...{ model_type: 'whisper', decoder_layers: 1, max_target_positions: 2 * longest },
    ...{ eos_token_id: end, decoder_start_token_id: start },
  })
  await folder.json('generation_config.json', {
    ...{ is_multilingual: true, no_timestamps_token_id: noTimestamps, task_to_id: { transcribe } },
    lang_to_id: { '<|en|>': english, '<|de|>': german },
    suppress_tokens: Array.from({ length: vocabulary - start }, (_, i) => start + i),
    begin_suppress_tokens: [end],
  })
  const encoder = createGraph({ name: 'encoder' })
  const features = encoder.input('input_features', 'float32', [1, 80, 3000])
  const frames = encoder.node('Transpose', [features], { attributes: { perm: [0, 2, 1] } })
  const first = encoder.node('Slice', [frames, encoder.int64([0]), encoder.int64([40]), encoder.int64([1])])
  const states = encoder.node('Tanh', [encoder.node('MatMul', [first, weight(encoder, projection)])])
  encoder.output('last_hidden_state', states, 'float32', [1, 40, width])
  await folder.model('encoder_model', encoder)
  await folder.model('decoder_model_merged', decoderGraph(tiny, { input: 'input_ids', encoder: true }))
})
afterAll(() => folder.remove())

/** What plain arithmetic writes, and which language it takes it for. */
async function expected(samples: Float32Array, language: number | undefined) {
  const { input_features } = await new WhisperFeatureExtractor(preprocessor)(samples)
  const frames = Array.from({ length: 40 }, (_, t) =>
    times(
      Array.from({ length: 80 }, (_, mel) => Number(input_features.data[mel * 3000 + t])),
      projection,
    ).map(Math.tanh),
  )
  const feed = plainDecoder(tiny, meanOf(frames))
  const row = (token: number) => rowOf(tiny.embedding, token)
  const begun = feed([row(start)])
  const spoken = language ?? (begun[german]! > begun[english]! ? german : english)
  let logits = feed([spoken, transcribe, noTimestamps].map(row))
  const tokens: number[] = []
  while (tokens.length < longest - 1) {
    const allowed = logits.slice(0, tokens.length === 0 ? end : end + 1)
    const token = allowed.indexOf(Math.max(...allowed))
    if (token === end) break
    tokens.push(token)
    logits = feed([row(token)])
  }
  return { tokens, noSpeechProbability: probabilityOf(begun, noSpeech) }
}

describe('a look-alike of a Whisper model of many languages', () => {
  it.each([undefined, 'de', 'en'])('writes what plain arithmetic writes, in the language %s', async (language) => {
    const options = {
      folder: openModelFolder(folder.path, nodePlatform),
      library,
      runtime: createOnnxRuntime(),
      open: {},
    }
    await using model = await openSpeechModel({ ...options, language, timestamps: false })
    for (let seed = 0; seed < 6; seed++) {
      const samples = Float32Array.from({ length: 8000 }, (_, i) => 0.3 * Math.sin((i * (seed + 1)) / (3 + seed * 4)))
      const token = language && { de: german, en: english }[language]
      const { tokens, noSpeechProbability } = await expected(samples, token || undefined)
      const written = await model.transcribe(samples)
      expect(written.tokens).toEqual(tokens)
      expect(written.noSpeechProbability).toBeCloseTo(noSpeechProbability, 4)
    }
  })

  it('writes other words in another language', async () => {
    const samples = Float32Array.from({ length: 8000 }, (_, i) => 0.3 * Math.sin(i / 7))
    expect((await expected(samples, german)).tokens).not.toEqual((await expected(samples, english)).tokens)
  })

  it('says which languages there are', async () => {
    const options = {
      folder: openModelFolder(folder.path, nodePlatform),
      library,
      runtime: createOnnxRuntime(),
      open: {},
    }
    await expect(openSpeechModel({ ...options, language: 'xx' })).rejects.toThrow(/no language "xx".*<\|en\|>/)
  })
})
