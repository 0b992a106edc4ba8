import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { smallModelFolder } from './small-model'

const layers = 30
const heads = 3
const headWidth = 64

/** Greedy decoding over onnxruntime-node and nothing else: what every other way is measured against. */
export interface BareLoop extends AsyncDisposable {
  /** Writes so many tokens after a prompt. */
  generate(ids: readonly number[], count: number): Promise<number[]>
}

/** Opens the sessions with the options that PerStream's runtime gives them. */
export async function openBareLoop(models: string): Promise<BareLoop> {
  const folder = join(smallModelFolder(models), 'onnx')
  const sleep = { allow_spinning: '0' }
  const options = { logSeverityLevel: 4, extra: { session: { intra_op: sleep, inter_op: sleep } } } as const
  const embed = await ort.InferenceSession.create(join(folder, 'embed_tokens.onnx'), options)
  const decoder = await ort.InferenceSession.create(join(folder, 'decoder_model_merged.onnx'), options)
  return {
    async generate(ids, count) {
      const found: number[] = []
      let cache = emptyCache()
      let next = [...ids]
      for (let past = 0; found.length < count; past += next.length, next = [found.at(-1)!]) {
        const { inputs_embeds } = await embed.run({ input_ids: whole(next, [1, next.length]) })
        const total = past + next.length
        const results = await decoder.run({
          inputs_embeds: inputs_embeds!,
          attention_mask: whole(new Array(total).fill(1), [1, total]),
          position_ids: whole(
            next.map((_, i) => past + i),
            [1, next.length],
          ),
          num_logits_to_keep: whole([1], []),
          ...cache,
        })
        found.push(largest(results.logits!.data as Float32Array))
        cache = Object.fromEntries(
          Object.keys(cache).map((name) => [name, results[name.replace('past_key_values', 'present')]!]),
        )
      }
      return found
    },
    async [Symbol.asyncDispose]() {
      await embed.release()
      await decoder.release()
    },
  }
}

function emptyCache(): Record<string, ort.Tensor> {
  const names = Array.from({ length: layers }, (_, i) => [`past_key_values.${i}.key`, `past_key_values.${i}.value`])
  const empty = () => new ort.Tensor('float32', new Float32Array(0), [1, heads, 0, headWidth])
  return Object.fromEntries(names.flat().map((name) => [name, empty()]))
}

function whole(values: readonly number[], shape: readonly number[]): ort.Tensor {
  return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape)
}

function largest(values: Float32Array): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  return best
}
