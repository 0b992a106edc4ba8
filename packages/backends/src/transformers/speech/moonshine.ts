import type { CallOptions, TensorSession } from '@perstream/spec'
import { writeGreedily } from '../greedy'
import { decodeText, type Library } from '../library'
import { idsTensor, keptOutputs, startSequence } from '../merged-decoder'
import type { ModelFolder } from '../model-folder'
import { openSessions } from '../open-sessions'
import type { OpenParts, SpeechModel, Transcribed } from './transcribed'

/** How Moonshine is opened. */
interface MoonshineOptions extends OpenParts {
  readonly folder: ModelFolder
  readonly library: Library
  readonly config: Readonly<Record<string, unknown>>
}

const sampleRate = 16000
/** Nobody says more in a second: what is longer goes round in circles. */
const tokensPerSecond = 6.5
const encoded = 'last_hidden_state'

/** Opens a Moonshine model, which takes samples as they are and gives words without times. */
export async function openMoonshine(options: MoonshineOptions): Promise<SpeechModel> {
  const { folder, library, config, runtime, open, signal } = options
  const [tokenizer, tokenizerConfig] = await Promise.all([
    folder.readJson('tokenizer.json', { signal }),
    folder.readJson('tokenizer_config.json', { signal }),
  ])
  const layers = Number(config.decoder_num_hidden_layers ?? config.num_hidden_layers)
  const heldOutputs = keptOutputs(layers, ['decoder', 'encoder'])
  const opened = await openSessions({
    encoder: () => folder.open(runtime, 'encoder_model', { ...open, signal, heldOutputs: [encoded] }),
    decoder: () => folder.open(runtime, 'decoder_model_merged', { ...open, signal, heldOutputs }),
  })
  const words = new library.PreTrainedTokenizer(tokenizer, tokenizerConfig)
  const parts: MoonshineParts = {
    ...opened.sessions,
    start: Number(config.decoder_start_token_id ?? 1),
    end: Number(config.eos_token_id ?? 2),
    decode: (ids) => decodeText(words, ids),
  }
  return {
    transcribe: (samples, callOptions) => transcribe(samples, parts, callOptions),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

interface MoonshineParts {
  readonly encoder: TensorSession
  readonly decoder: TensorSession
  readonly start: number
  readonly end: number
  readonly decode: (ids: readonly number[]) => string
}

async function transcribe(
  samples: Float32Array,
  { encoder, decoder, start, end, decode }: MoonshineParts,
  options: CallOptions = {},
): Promise<Transcribed> {
  const seconds = samples.length / sampleRate
  const sound = { type: 'float32', shape: [1, samples.length], data: samples } as const
  const { [encoded]: hidden } = await encoder.runHeld({ input_values: sound }, options)
  using states = hidden!
  await using sequence = startSequence(decoder)
  const step = (token: number) =>
    sequence.step({ input_ids: idsTensor([token]), encoder_hidden_states: states }, options)
  const limit = Math.max(1, Math.floor(seconds * tokensPerSecond))
  const { tokens, meanLogProbability } = await writeGreedily(await step(start), step, { ends: [end], limit })
  const text = decode(tokens)
  const parts = text === '' ? [] : [{ text, from: 0, to: seconds }]
  return { tokens, parts, meanLogProbability, noSpeechProbability: undefined }
}
