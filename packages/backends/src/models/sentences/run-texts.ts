import type { CallOptions, Tensor, TensorSession } from '@perstream/spec'
import type { SentenceBatch } from './sentence-batches'

/** A text, or a pair of them, as a model reads it. */
export interface TokenizedText {
  readonly ids: readonly number[]
  /** Of each id, whether it is of the first text or of the second. Default: all of the first. */
  readonly segments?: readonly number[] | undefined
}

/** Runs texts of a batch, padded to the longest, and gives an output of the model. */
export async function runTexts(
  session: TensorSession,
  texts: readonly TokenizedText[],
  { places, length }: SentenceBatch,
  { output, ...options }: CallOptions & { readonly output: 'last_hidden_state' | 'logits' },
): Promise<Float32Array> {
  const shape = [places.length, length]
  const filled = (take: (text: TokenizedText, i: number) => number): Tensor => {
    const data = new BigInt64Array(places.length * length)
    places.forEach((place, row) => {
      const text = texts[place]!
      text.ids.forEach((_, i) => {
        data[row * length + i] = BigInt(take(text, i))
      })
    })
    return { type: 'int64', shape, data }
  }
  const all: Record<string, Tensor> = {
    input_ids: filled(({ ids }, i) => ids[i]!),
    attention_mask: filled(() => 1),
    token_type_ids: filled(({ segments }, i) => segments?.[i] ?? 0),
  }
  const feeds = Object.fromEntries(session.inputs.map(({ name }) => [name, all[name]!]))
  const outputs = await session.run(feeds, { ...options, outputs: [output] })
  return outputs[output]!.data as Float32Array
}
