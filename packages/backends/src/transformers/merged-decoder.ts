import type { CallOptions, Tensor, TensorHandle, TensorSession } from '@perstream/spec'
import { emptyPast } from '../empty-past'

/**
 * Runs a decoder that keeps what it has computed ("merged": one model for the first step and for all later ones), in the
 * layout of transformers.js. What is kept stays on the device.
 */
export interface MergedDecoder extends AsyncDisposable {
  /** Feeds the new ids or embeddings of the sequence under way; gives the logits of the last of them. */
  step(feeds: Readonly<Record<string, Tensor | TensorHandle>>, options?: CallOptions): Promise<Float32Array>
  /** How many positions the sequence under way has. */
  readonly length: number
}

/** The outputs that are kept between steps, to be named when the session is opened. */
export function keptOutputs(layers: number, parts: readonly ('decoder' | 'encoder')[]): string[] {
  const names = parts.length === 0 ? [''] : parts.map((part) => `.${part}`)
  return Array.from({ length: layers }, (_, layer) =>
    names.flatMap((part) => [`present.${layer}${part}.key`, `present.${layer}${part}.value`]),
  ).flat()
}

/** Begins a sequence. Dispose it when it is over; the session stays. */
export function startSequence(session: TensorSession): MergedDecoder {
  const pastInputs = session.inputs.filter(({ name }) => name.startsWith('past_key_values.'))
  const branch = session.inputs.some(({ name }) => name === 'use_cache_branch')
  const kept = new Map<string, TensorHandle>()
  let length = 0
  return {
    get length() {
      return length
    },
    async step(feeds, { signal } = {}) {
      const past = Object.fromEntries(pastInputs.map((spec) => [spec.name, kept.get(spec.name) ?? emptyPast(spec)]))
      const flag = branch ? { use_cache_branch: bool(kept.size > 0) } : {}
      const outputs = await session.runHeld({ ...feeds, ...past, ...flag }, { signal, outputs: wanted(session) })
      keep(outputs, kept)
      const fed = feeds.input_ids ?? feeds.inputs_embeds ?? feeds.decoder_input_ids
      length += fed?.shape[1] ?? 0
      using logits = outputs.logits!
      return lastRow(await logits.read({ signal }))
    },
    async [Symbol.asyncDispose]() {
      for (const handle of kept.values()) handle[Symbol.dispose]()
      kept.clear()
    },
  }
}

function wanted({ outputs }: TensorSession): string[] {
  return outputs.map(({ name }) => name).filter((name) => name === 'logits' || name.startsWith('present.'))
}

/** Of the encoder's part, later steps give empty dummies: the first ones stay. */
function keep(outputs: Readonly<Record<string, TensorHandle>>, kept: Map<string, TensorHandle>): void {
  for (const [name, handle] of Object.entries(outputs)) {
    if (!name.startsWith('present.')) continue
    const input = name.replace('present.', 'past_key_values.')
    const before = kept.get(input)
    if (before && handle.shape.includes(0)) handle[Symbol.dispose]()
    else {
      before?.[Symbol.dispose]()
      kept.set(input, handle)
    }
  }
}

function lastRow({ data, shape }: Tensor): Float32Array {
  const width = shape.at(-1)!
  return (data as Float32Array).subarray(data.length - width)
}

function bool(value: boolean): Tensor {
  return { type: 'bool', shape: [1], data: Uint8Array.of(value ? 1 : 0) }
}

/** Ids as the tensor of one sequence. */
export function idsTensor(ids: readonly number[]): Tensor {
  return { type: 'int64', shape: [1, ids.length], data: BigInt64Array.from(ids, BigInt) }
}

/** The index of the largest value; the first of equals. */
export function argmax(values: Float32Array): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  return best
}

/** The logarithm of the sum of exponentials of a range, end exclusive. */
export function logSumExp(values: Float32Array, from = 0, to = values.length): number {
  let most = Number.NEGATIVE_INFINITY
  for (let i = from; i < to; i++) if (values[i]! > most) most = values[i]!
  if (most === Number.NEGATIVE_INFINITY) return most
  let sum = 0
  for (let i = from; i < to; i++) sum += Math.exp(values[i]! - most)
  return most + Math.log(sum)
}
