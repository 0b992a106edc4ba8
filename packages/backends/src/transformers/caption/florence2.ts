import type { CallOptions, Frame, Tensor, TensorSession } from '@perstream/spec'
import { writeGreedily } from '../greedy'
import { createImageProcessor, type ProcessImage } from '../image-processor'
import { decodeText, type LibraryTokenizer } from '../library'
import { idsTensor, keptOutputs, startSequence } from '../merged-decoder'
import { openSessions } from '../open-sessions'
import type { Describer, Description, OpenDescriberOptions } from './describer'

type Settings = Readonly<Record<string, unknown>>

const defaultPrompt = '<DETAILED_CAPTION>'

/** Opens a Florence-2 model. Its prompt is one of its tasks, such as `<CAPTION>`, or words. */
export async function openFlorence2(options: OpenDescriberOptions): Promise<Describer> {
  const { folder, library, config, runtime, open, signal } = options
  const [preprocessor, tokenizer, tokenizerConfig, generation] = await Promise.all([
    folder.readJson('preprocessor_config.json', { signal }),
    folder.readJson('tokenizer.json', { signal }),
    folder.readJson('tokenizer_config.json', { signal }),
    folder.readOptionalJson('generation_config.json', { signal }),
  ])
  const text = { ...(config.text_config as Settings | undefined), ...generation } as Settings
  const words = new library.PreTrainedTokenizer(tokenizer, tokenizerConfig)
  const heldOutputs = keptOutputs(Number(text.decoder_layers), ['decoder', 'encoder'])
  const opened = await openSessions({
    vision: () => folder.open(runtime, 'vision_encoder', { ...open, signal }),
    embed: () => folder.open(runtime, 'embed_tokens', { ...open, signal }),
    encoder: () => folder.open(runtime, 'encoder_model', { ...open, signal }),
    decoder: () => folder.open(runtime, 'decoder_model_merged', { ...open, signal, heldOutputs }),
  })
  const parts: FlorenceParts = {
    ...opened.sessions,
    words,
    prompt: words.encode(taskPrompt(preprocessor, options.prompt ?? defaultPrompt)),
    process: createImageProcessor(library, preprocessor),
    start: Number(text.decoder_start_token_id ?? text.eos_token_id ?? 2),
    end: Number(text.eos_token_id ?? 2),
    first: text.forced_bos_token_id as number | undefined,
    noRepeat: Number(text.no_repeat_ngram_size ?? 3),
    limit: options.maxNewTokens,
  }
  return {
    describe: (frame, callOptions) => describe(frame, parts, callOptions),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

interface FlorenceParts {
  readonly vision: TensorSession
  readonly embed: TensorSession
  readonly encoder: TensorSession
  readonly decoder: TensorSession
  readonly words: LibraryTokenizer
  readonly prompt: readonly number[]
  readonly process: ProcessImage
  readonly start: number
  readonly end: number
  readonly first: number | undefined
  readonly noRepeat: number
  readonly limit: number
}

/** The words that stand for a task. */
function taskPrompt({ task_prompts_without_inputs: tasks }: Settings, prompt: string): string {
  return (tasks as Readonly<Record<string, string>> | undefined)?.[prompt] ?? prompt
}

async function describe(frame: Frame, parts: FlorenceParts, options: CallOptions): Promise<Description> {
  const { decoder, words, start, end, first, noRepeat, limit } = parts
  const embed = async (ids: readonly number[]) =>
    (await parts.embed.run({ input_ids: idsTensor(ids) }, options)).inputs_embeds!
  const { image_features } = await parts.vision.run({ pixel_values: await parts.process(frame, options) }, options)
  const inputs = behind(image_features!, await embed(parts.prompt))
  const mask = ones(inputs.shape[1]!)
  const { last_hidden_state } = await parts.encoder.run({ inputs_embeds: inputs, attention_mask: mask }, options)
  await using sequence = startSequence(decoder)
  const step = async (token: number) =>
    sequence.step(
      {
        inputs_embeds: await embed([token]),
        encoder_attention_mask: mask,
        encoder_hidden_states: last_hidden_state!,
      },
      options,
    )
  const written = await writeGreedily(await step(start), step, { ends: [end], limit, first, noRepeat })
  const text = decodeText(words, written.tokens)
  return { text, confidence: Math.min(1, Math.exp(written.meanLogProbability)) }
}

/** The rows of the image, then those of the words. */
function behind(image: Tensor, words: Tensor): Tensor {
  const width = words.shape[2]!
  const data = new Float32Array(image.data.length + words.data.length)
  data.set(image.data as Float32Array)
  data.set(words.data as Float32Array, image.data.length)
  return { type: 'float32', shape: [1, data.length / width, width], data }
}

function ones(length: number): Tensor {
  return { type: 'int64', shape: [1, length], data: new BigInt64Array(length).fill(1n) }
}
