import { captionerContract } from '@perstream/conformance'
import { createGraph } from '@perstream/onnx'
import type { CaptionedMoment, Keyframe, Moment, RgbImage } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTransformersCaptioner } from '../transformers'
import {
  decodePlainly,
  decoderGraph,
  embedGraph,
  frameOf,
  type LookAlikeFolder,
  lookAlikeFolder,
  meanOf,
  patchRows,
  patchRowsPlainly,
  picture,
  rowOf,
  tinyDecoder,
  writeTokenizer,
} from './look-alikes'
import { end, idOf, processor, projection, size, smol, special, width, words, writeSmolVlm } from './tiny-smolvlm'

const limit = 12
const florence = tinyDecoder(words.length, width, 23)

let smolFolder: LookAlikeFolder
let florenceFolder: LookAlikeFolder

async function writeFlorence2(folder: LookAlikeFolder): Promise<void> {
  await writeTokenizer(folder, words, special)
  const text_config = { decoder_layers: 1, eos_token_id: end, decoder_start_token_id: end, no_repeat_ngram_size: 0 }
  await folder.json('config.json', { model_type: 'florence2', text_config })
  await folder.json('preprocessor_config.json', {
    ...processor,
    ...{ size: { width: 16, height: 16 }, task_prompts_without_inputs: { '<CAPTION>': 'What is here?' } },
  })
  const vision = createGraph({ name: 'vision' })
  const pixels = vision.input('pixel_values', 'float32', [1, 3, 16, 16])
  vision.output('image_features', patchRows(vision, pixels, projection, size), 'float32', [1, 4, width])
  await folder.model('vision_encoder', vision)
  await folder.model('embed_tokens', embedGraph(florence))
  const encoder = createGraph({ name: 'encoder' })
  const embeds = encoder.input('inputs_embeds', 'float32', [1, 's', width])
  const mask = encoder.node('Cast', [encoder.input('attention_mask', 'int64', [1, 's'])], { attributes: { to: 1 } })
  const kept = encoder.node('Mul', [embeds, encoder.node('Unsqueeze', [mask, encoder.int64([2])])])
  encoder.output('last_hidden_state', kept, 'float32', [1, 's', width])
  await folder.model('encoder_model', encoder)
  const decoder = decoderGraph(florence, { input: 'inputs_embeds', encoder: true })
  const unused = decoder.input('encoder_attention_mask', 'int64', [1, 'frames'])
  decoder.output('mask', unused, 'int64', [1, 'frames'])
  await folder.model('decoder_model_merged', decoder)
}

beforeAll(async () => {
  smolFolder = await lookAlikeFolder()
  florenceFolder = await lookAlikeFolder()
  await writeSmolVlm(smolFolder)
  await writeFlorence2(florenceFolder)
})
afterAll(() => Promise.all([smolFolder.remove(), florenceFolder.remove()]))

const openSmol = () =>
  createTransformersCaptioner({ model: smolFolder.path, device: 'cpu', prompt: 'What is here?', maxNewTokens: limit })
const openFlorence = () =>
  createTransformersCaptioner({ model: florenceFolder.path, device: 'cpu', prompt: '<CAPTION>', maxNewTokens: limit })

function smolExpected(image: RgbImage) {
  const rows = patchRowsPlainly(image, projection, size)
  const around = idOf('<fake_token_around_image>')
  const prompt = [
    ...[idOf('User:'), around, idOf('<global-img>'), ...rows, around],
    ...['What', 'is', 'here?', 'Assistant:'].map(idOf),
  ].map((item) => (typeof item === 'number' ? rowOf(smol.embedding, item) : item))
  return decodePlainly(smol, prompt, undefined, { end, limit })
}

function florenceExpected(image: RgbImage) {
  const task = ['What', 'is', 'here?'].map((word) => rowOf(florence.embedding, idOf(word)))
  const context = meanOf([...patchRowsPlainly(image, projection, size), ...task])
  return decodePlainly(florence, [rowOf(florence.embedding, end)], context, { end, limit })
}

async function captionOf(captioner: Awaited<ReturnType<typeof openSmol>>, keyframes: readonly Keyframe[]) {
  const moments = async function* (): AsyncGenerator<Moment> {
    yield { keyframes }
  }
  const told: CaptionedMoment[] = []
  for await (const moment of captioner.caption(moments(), { source: 'walk.mp4' })) told.push(moment)
  expect(told).toHaveLength(1)
  return told[0]!.captions[0]
}

const keyframe = (image: RgbImage, index: number, sharpness: number): Keyframe => ({
  ...{ frame: frameOf(image, index), reason: 'first', motion: 0, sharpness },
})
const textOf = (tokens: readonly number[]) =>
  tokens
    .filter((token) => token >= special)
    .map((token) => words[token])
    .join(' ')

describe.each([
  { name: 'SmolVLM', open: openSmol, expected: smolExpected },
  { name: 'Florence-2', open: openFlorence, expected: florenceExpected },
])('captions of a $name look-alike', ({ open, expected }) => {
  it('are those of plain arithmetic, for every picture', async () => {
    await using captioner = await open()
    const texts = new Set<string>()
    for (let phase = 0; phase < 12; phase++) {
      const image = picture(16, 16, phase)
      const { tokens, meanLogProbability } = expected(image)
      const caption = await captionOf(captioner, [keyframe(image, phase, 1)])
      expect(caption?.text ?? '').toBe(textOf(tokens))
      if (caption) expect(caption.confidence).toBeCloseTo(Math.exp(meanLogProbability), 4)
      texts.add(caption?.text ?? '')
    }
    expect(texts.size).toBeGreaterThan(2)
  })

  it('tell of the sharpest frame, with its second', async () => {
    await using captioner = await open()
    const pictures = [picture(16, 16), picture(16, 16, 1), picture(16, 16, 2)]
    const [a, b, c] = pictures.map((image, i) => keyframe(image, i * 30, i === 1 ? 5 : 2)) as [
      Keyframe,
      Keyframe,
      Keyframe,
    ]
    const caption = await captionOf(captioner, [a, b, c])
    expect(caption?.text ?? '').toBe(textOf(expected(pictures[1]!).tokens))
    if (caption)
      expect(caption).toMatchObject({
        origin: 'described',
        evidence: { source: 'walk.mp4', startSeconds: 30, endSeconds: 30, frames: [30] },
      })
  })
})

const tellingPictures = [...Array(40).keys()]
  .map((phase) => picture(16, 16, phase))
  .filter((image) => textOf(smolExpected(image).tokens) !== '')
  .slice(0, 4)
captionerContract('a SmolVLM look-alike', { create: openSmol, pictures: () => tellingPictures })

describe('a captioner', () => {
  it('says what does not fit', async () => {
    const folder = await lookAlikeFolder()
    await folder.json('config.json', { model_type: 'blip' })
    await expect(createTransformersCaptioner({ model: folder.path })).rejects.toThrow(/type "blip"/)
    await folder.json('config.json', { model_type: 'florence2' })
    await expect(createTransformersCaptioner({ model: folder.path })).rejects.toMatchObject({ code: 'model-missing' })
    await expect(createTransformersCaptioner({ model: folder.path, maxNewTokens: 0 })).rejects.toThrow(TypeError)
    await folder.remove()
  })
})
