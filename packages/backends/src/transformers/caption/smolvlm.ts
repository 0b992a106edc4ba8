import { type CallOptions, type Frame, PerStreamError, type Tensor, type TensorSession } from '@perstream/spec'
import { writeGreedily } from '../greedy'
import { createImageProcessor, type ProcessImage } from '../image-processor'
import { decodeText, type LibraryTokenizer } from '../library'
import { idsTensor, keptOutputs, startSequence } from '../merged-decoder'
import { openSessions } from '../open-sessions'
import type { Describer, Description, OpenDescriberOptions } from './describer'

type Settings = Readonly<Record<string, unknown>>

const defaultPrompt = 'Describe in one sentence what can be seen.'
/** Rows of image features of one image, where processor_config.json does not say. */
const defaultRows = 64
const around = '<fake_token_around_image>'

/** Opens a model of the SmolVLM and Idefics3 family. A frame is looked at as a whole, never in tiles. */
export async function openSmolVlm(options: OpenDescriberOptions): Promise<Describer> {
  const { folder, library, config, runtime, open, signal } = options
  const [preprocessor, tokenizer, tokenizerConfig, processor, template] = await Promise.all([
    folder.readJson('preprocessor_config.json', { signal }),
    folder.readJson('tokenizer.json', { signal }),
    folder.readJson('tokenizer_config.json', { signal }),
    folder.readOptionalJson('processor_config.json', { signal }),
    folder.readOptionalJson('chat_template.json', { signal }),
  ])
  const text = (config.text_config ?? {}) as Settings
  const generation = await folder.readOptionalJson('generation_config.json', { signal })
  const words = new library.PreTrainedTokenizer(tokenizer, tokenizerConfig)
  const prompt = promptIds(words, options.prompt ?? defaultPrompt, {
    rows: Number(processor?.image_seq_len ?? defaultRows),
    template: template?.chat_template as string | undefined,
  })
  const heldOutputs = keptOutputs(Number(text.num_hidden_layers), [])
  const opened = await openSessions({
    vision: () => folder.open(runtime, 'vision_encoder', { ...open, signal }),
    embed: () => folder.open(runtime, 'embed_tokens', { ...open, signal }),
    decoder: () => folder.open(runtime, 'decoder_model_merged', { ...open, signal, heldOutputs }),
  })
  const parts: SmolVlmParts = {
    ...opened.sessions,
    prompt,
    words,
    process: createImageProcessor(library, wholeImage(preprocessor)),
    imageToken: Number(config.image_token_id),
    ends: [generation?.eos_token_id ?? text.eos_token_id ?? config.eos_token_id].flat().map(Number),
    limit: options.maxNewTokens,
  }
  return {
    describe: (frame, callOptions) => describe(frame, parts, callOptions),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

interface SmolVlmParts {
  readonly vision: TensorSession
  readonly embed: TensorSession
  readonly decoder: TensorSession
  readonly prompt: readonly number[]
  readonly words: LibraryTokenizer
  readonly process: ProcessImage
  readonly imageToken: number
  readonly ends: readonly number[]
  readonly limit: number
}

/** The settings that bring a whole image to the size of the vision encoder, in one step. */
function wholeImage(preprocessor: Settings): Settings {
  const edge = (preprocessor.max_image_size as Settings | undefined)?.longest_edge
  return { ...preprocessor, size: { width: edge, height: edge }, do_resize: true, do_pad: false, do_center_crop: false }
}

function promptIds(
  words: LibraryTokenizer,
  prompt: string,
  { rows, template }: { rows: number; template: string | undefined },
): number[] {
  const content = [{ type: 'image' }, { type: 'text', text: prompt }]
  const chat = words.apply_chat_template([{ role: 'user', content }], {
    ...{ tokenize: false, add_generation_prompt: true },
    ...(template !== undefined && { chat_template: template }),
  })
  const image = `${around}<global-img>${'<image>'.repeat(rows)}${around}`
  return words.encode(chat.replace('<image>', image), { add_special_tokens: false })
}

async function describe(frame: Frame, parts: SmolVlmParts, options: CallOptions): Promise<Description> {
  const { decoder, prompt, words, ends, limit } = parts
  const features = await look(frame, parts, options)
  const embeds = await embed(parts, prompt, options)
  putImage(embeds, prompt, features, parts.imageToken)
  await using sequence = startSequence(decoder)
  const step = (inputs: Tensor) =>
    sequence.step({ inputs_embeds: inputs, ...places(decoder, sequence.length, inputs.shape[1]!) }, options)
  const written = await writeGreedily(await step(embeds), async (token) => step(await embed(parts, [token], options)), {
    ends,
    limit,
  })
  const text = decodeText(words, written.tokens)
  return { text, confidence: Math.min(1, Math.exp(written.meanLogProbability)) }
}

async function look(frame: Frame, { vision, process }: SmolVlmParts, options: CallOptions): Promise<Tensor> {
  const pixels = await process(frame, options)
  const [, channels = 3, height = 0, width = 0] = pixels.shape
  const mask = vision.inputs.find(({ name }) => name === 'pixel_attention_mask')
  const seen: Tensor = { type: 'bool', shape: [1, 1, height, width], data: new Uint8Array(height * width).fill(1) }
  const feeds = {
    pixel_values: { ...pixels, shape: [1, 1, channels, height, width] },
    ...(mask && { pixel_attention_mask: seen }),
  }
  const { image_features } = await vision.run(feeds, options)
  return image_features!
}

async function embed({ embed: session }: SmolVlmParts, ids: readonly number[], options: CallOptions): Promise<Tensor> {
  const { inputs_embeds } = await session.run({ input_ids: idsTensor(ids) }, options)
  return inputs_embeds!
}

/** Writes the rows of an image over the rows of its tokens. */
function putImage(embeds: Tensor, ids: readonly number[], features: Tensor, imageToken: number): void {
  const width = embeds.shape[2]!
  const rows = ids.flatMap((id, i) => (id === imageToken ? [i] : []))
  const values = features.data as Float32Array
  if (features.shape.at(-1) !== width || values.length !== rows.length * width)
    throw new PerStreamError(
      'model-invalid',
      `The vision encoder gave features of shape [${features.shape.join(', ')}], the prompt has ${rows.length} places of width ${width}.`,
    )
  const target = embeds.data as Float32Array
  for (const [i, row] of rows.entries()) target.set(values.subarray(i * width, (i + 1) * width), row * width)
}

/** The mask and the positions of the new rows, as far as the decoder takes them. */
function places(decoder: TensorSession, before: number, count: number): Record<string, Tensor> {
  const takes = (name: string) => decoder.inputs.some((input) => input.name === name)
  const ones = new BigInt64Array(before + count).fill(1n)
  const positions = BigInt64Array.from({ length: count }, (_, i) => BigInt(before + i))
  return {
    ...(takes('attention_mask') && {
      attention_mask: { type: 'int64', shape: [1, before + count], data: ones } satisfies Tensor,
    }),
    ...(takes('position_ids') && {
      position_ids: { type: 'int64', shape: [1, count], data: positions } satisfies Tensor,
    }),
    ...(takes('num_logits_to_keep') && {
      num_logits_to_keep: { type: 'int64', shape: [], data: BigInt64Array.of(1n) } satisfies Tensor,
    }),
  }
}
