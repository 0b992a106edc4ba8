import { createGraph } from '@perstream/onnx'
import {
  decoderGraph,
  embedGraph,
  type LookAlikeFolder,
  matrix,
  patchRows,
  tinyDecoder,
  writeTokenizer,
} from './look-alikes'

export const size = 8
export const width = 6
export const words = [
  ...['<unk>', '<end>', '<image>', '<fake_token_around_image>', '<global-img>', 'User:', 'Assistant:'],
  ...['What', 'is', 'here?', 'a', 'red', 'cup', 'stands', 'on', 'the', 'table', 'near', 'my', 'keys'],
]
export const special = 5
export const end = 1
export const projection = matrix(3 * size * size, width, 5, 1)
export const processor = {
  ...{ do_resize: true, do_rescale: true, do_normalize: true, resample: 1 },
  ...{ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
}
export const idOf = (word: string) => words.indexOf(word)
export const smol = tinyDecoder(words.length, width, 7)

/** Writes a SmolVLM with random weights that knows 20 words, into a folder of the layout of transformers.js. */
export async function writeSmolVlm(folder: LookAlikeFolder): Promise<void> {
  const template =
    "{% for message in messages %}User: {% for part in message.content %}{% if part.type == 'image' %} <image> {% else %}{{ part.text }}{% endif %}{% endfor %}{% endfor %} Assistant:"
  await writeTokenizer(folder, words, special, { chat_template: template })
  const text_config = { num_hidden_layers: 1 }
  await folder.json('config.json', { model_type: 'smolvlm', image_token_id: idOf('<image>'), text_config })
  await folder.json('generation_config.json', { eos_token_id: [end] })
  await folder.json('preprocessor_config.json', {
    ...processor,
    ...{ image_processor_type: 'Idefics3ImageProcessor', do_image_splitting: true, do_pad: true },
    ...{ size: { longest_edge: 64 }, max_image_size: { longest_edge: 16 } },
  })
  await folder.json('processor_config.json', { image_seq_len: 4 })
  const vision = createGraph({ name: 'vision' })
  const pixels = vision.input('pixel_values', 'float32', [1, 'n', 3, 16, 16])
  const mask = vision.input('pixel_attention_mask', 'bool', [1, 'n', 16, 16])
  const seen = vision.node('ReduceMin', [vision.node('Cast', [mask], { attributes: { to: 1 } })], {
    attributes: { keepdims: 0 },
  })
  const whole = vision.node('Reshape', [pixels, vision.int64([-1, 3, 16, 16])])
  const rows = vision.node('Mul', [patchRows(vision, whole, projection, size), seen])
  vision.output('image_features', rows, 'float32', ['n', 4, width])
  await folder.model('vision_encoder', vision)
  await folder.model('embed_tokens', embedGraph(smol))
  await folder.model('decoder_model_merged', decoderGraph(smol, { input: 'inputs_embeds', encoder: false }))
}
