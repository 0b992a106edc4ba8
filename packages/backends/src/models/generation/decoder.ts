import {
  type CallOptions,
  PerStreamError,
  type Tensor,
  type TensorHandle,
  type TensorSession,
  type TensorSpec,
} from '@perstream/spec'
import { emptyPast } from '../../empty-past'
import type { LanguageModelParts } from '../language-model-parts'
import { disposeCache, type KeyValueCache } from './key-value-cache'

/** Some tokens of a prompt, as a decoder takes them. */
export interface DecoderInput {
  /** float32 [1, length, width]. */
  readonly embeddings: Tensor | TensorHandle
  /** int64 [axes, length]. */
  readonly positions: BigInt64Array
  readonly length: number
  /** What goes into `deepstack_embeds.K`, each [1, length, width]; none: zeros. */
  readonly deepstack?: readonly Tensor[] | undefined
}

/** The decoder's reply: a row of logits for each of the last `rows` tokens, and the cache that holds all tokens. */
export interface DecoderOutput {
  readonly logits: readonly Float32Array[]
  readonly cache: KeyValueCache
}

/** Runs the sessions of a decoder one after the other. */
export interface Decoder {
  /** Reads tokens after those of `cache`, which stays as it is. Whoever called disposes the new cache. */
  run(
    input: DecoderInput,
    options: CallOptions & { readonly cache: KeyValueCache; readonly rows: number },
  ): Promise<DecoderOutput>
}

const pastPattern = /^past_key_values\.(\d+)\.(key|value)$/

const deepstackPattern = /^deepstack_embeds\.(\d+)$/

/** One session of the decoder, with its boundary read once. */
interface Part {
  readonly session: TensorSession
  /** Inputs of the cache, each with the output that it is next time. */
  readonly past: readonly (TensorSpec & { readonly present: string })[]
  readonly keepsLogits: boolean
  /** Inputs `deepstack_embeds.K`, with K. */
  readonly deepstack: readonly { readonly name: string; readonly layer: number }[]
  /** The input that takes embeddings or hidden states. */
  readonly input: string
  readonly output: 'logits' | 'hidden_states_out'
  /** Every output that is used. */
  readonly outputs: readonly string[]
}

/**
 * Makes a decoder over the sessions of a model.
 * @throws PerStreamError `model-invalid` when a session does not have the boundary of a decoder
 */
export function createDecoder({ decoder, config }: LanguageModelParts): Decoder {
  const parts = decoder.map(toPart)
  const axes = config.text.rope.sections ? 3 : 1
  return {
    async run({ embeddings, positions, length, deepstack }, { cache, rows, signal }) {
      const total = cache.length + length
      const shared: Record<string, Tensor> = {
        attention_mask: int64(new BigInt64Array(total).fill(1n), [1, total]),
        position_ids: int64(positions, axes === 3 ? [3, 1, length] : [1, length]),
      }
      const handles = new Map<string, TensorHandle>()
      let hidden: TensorHandle | undefined
      try {
        for (const part of parts) {
          const feeds: Record<string, Tensor | TensorHandle> = { ...shared, [part.input]: hidden ?? embeddings }
          if (part.keepsLogits) feeds.num_logits_to_keep = int64(BigInt64Array.of(BigInt(rows)), [])
          for (const { name, layer } of part.deepstack) {
            feeds[name] = deepstack?.[layer] ?? zeros(length, config.text.width)
          }
          for (const spec of part.past) feeds[spec.name] = cache.handles.get(spec.name) ?? emptyPast(spec)
          const made = await part.session.runHeld(feeds, { outputs: part.outputs, signal })
          for (const { name, present } of part.past) handles.set(name, made[present]!)
          hidden?.[Symbol.dispose]()
          hidden = made[part.output]!
        }
        const logits = lastRows(await hidden!.read({ signal }), rows)
        return { logits, cache: { length: total, handles } }
      } catch (error) {
        disposeCache({ length: total, handles })
        throw error
      } finally {
        hidden?.[Symbol.dispose]()
      }
    },
  }
}

/** Brings a handle's values to the CPU and lets go of it. */
export async function readAndDispose(handle: TensorHandle, options: CallOptions): Promise<Tensor> {
  try {
    return await handle.read(options)
  } finally {
    handle[Symbol.dispose]()
  }
}

function toPart(session: TensorSession, index: number, sessions: readonly TensorSession[]): Part {
  const past = session.inputs
    .filter(({ name }) => pastPattern.test(name))
    .map((spec) => ({ ...spec, present: spec.name.replace('past_key_values', 'present') }))
  const has = (name: string) => session.inputs.some((spec) => spec.name === name)
  const input = index === 0 ? 'inputs_embeds' : 'hidden_states'
  const output = index === sessions.length - 1 ? 'logits' : 'hidden_states_out'
  const outputs = [output, ...past.map(({ present }) => present)]
  const missing = [
    ...[input, 'attention_mask', 'position_ids'].filter((name) => !has(name)),
    ...outputs.filter((name) => !session.outputs.some((spec) => spec.name === name)),
  ]
  if (missing.length > 0 || past.length === 0) {
    throw new PerStreamError(
      'model-invalid',
      `Part ${index} of the decoder lacks ${missing.join(', ') || 'past_key_values.N.key'}: export it with a cache and with embeddings as its input`,
      { fields: { part: index, missing } },
    )
  }
  return {
    session,
    past,
    keepsLogits: has('num_logits_to_keep'),
    deepstack: session.inputs.flatMap(({ name }) => {
      const layer = deepstackPattern.exec(name)?.[1]
      return layer === undefined ? [] : [{ name, layer: Number(layer) }]
    }),
    input,
    output,
    outputs,
  }
}

function int64(data: BigInt64Array, shape: readonly number[]): Tensor {
  return { type: 'int64', shape, data }
}

function zeros(length: number, width: number): Tensor {
  return { type: 'float32', shape: [1, length, width], data: new Float32Array(length * width) }
}

/** Views of the last rows of logits [1, kept, vocabulary]. */
function lastRows({ data, shape }: Tensor, rows: number): Float32Array[] {
  const vocabulary = shape[2]!
  const values = data as Float32Array
  const first = shape[1]! - rows
  return Array.from({ length: rows }, (_, i) => values.subarray((first + i) * vocabulary, (first + i + 1) * vocabulary))
}
