import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHalf } from '@perstream/kit'
import { openSafetensors, type SafetensorsInput } from '@perstream/onnx'
import { fileSource, writeSafetensorsFile } from '@perstream/onnx/node'
import type { Tensor } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../onnx'
import type { LanguageModelParts } from './language-model-parts'
import { madeFolder } from './made-checkpoint'
import { openLanguageModel } from './open-language-model'
import { emptyCache, int64, shared } from './test-material'

interface GoldenPrompt {
  readonly user: string
  readonly input_ids: readonly number[]
  readonly greedy_tokens: readonly number[]
  readonly first_step_top10: readonly (readonly [number, number])[]
}

/** Writes the published form of a model whose weights lie in blocks: 538 MB of float32. */
async function unpack(packed: string, folder: string): Promise<void> {
  await using source = await fileSource(join(packed, 'onnx/weights.safetensors'))
  const { tensors } = await openSafetensors(source)
  const bytes = async (name: string) => {
    const { offset, length } = tensors.get(name)!
    return source.read(offset, length)
  }
  const halves = async (name: string) => {
    const { buffer, byteOffset, byteLength } = await bytes(name)
    return fromHalf(new Uint16Array(buffer as ArrayBuffer, byteOffset, byteLength / 2))
  }
  const value = async function* (name: string) {
    const table = `${name}.hi4`
    const [scales, codes] = [await halves(`${name}.d`), await bytes(tensors.has(table) ? table : `${name}.q4`)]
    const low = tensors.has(table) ? await bytes(`${name}.lo4`) : undefined
    const offsets = low ? undefined : await halves(`${name}.m`)
    const values = new Float32Array(codes.length * 2)
    const nibble = (from: Uint8Array, i: number) => (from[i >> 1]! >> (4 * (i & 1))) & 15
    for (let i = 0; i < values.length; i++) {
      const block = i >> 5
      const code = low ? 16 * nibble(codes, i) + nibble(low, i) - 128 : nibble(codes, i)
      values[i] = Math.fround(scales[block]! * code) + (offsets ? offsets[block]! : 0)
    }
    yield new Uint8Array(values.buffer)
  }
  const inputs = [...tensors.values()].flatMap(({ name, type, shape }): SafetensorsInput[] => {
    const matrix = /^(.*)\.d$/.exec(name)?.[1]
    if (matrix) return [{ name: matrix, type: 'F32', shape: [shape[0]!, shape[1]! * 32], data: value(matrix) }]
    const plain = async function* () {
      yield await bytes(name)
    }
    return type === 'F32' ? [{ name, type, shape, data: plain() }] : []
  })
  await writeSafetensorsFile(join(folder, 'model.safetensors'), inputs)
  for (const name of ['config.json', 'tokenizer.json']) await copyFile(join(packed, name), join(folder, name))
}

async function greedy({ config, embed, decoder }: LanguageModelParts, ids: readonly number[], count: number) {
  let cache = emptyCache(config.text)
  let past = 0
  const tokens: number[] = []
  let first: Float32Array | undefined
  let next = ids
  while (tokens.length < count) {
    const { inputs_embeds } = await embed.run({ input_ids: int64([1, next.length], next) })
    const total = past + next.length
    const result: Record<string, Tensor> = await decoder[0]!.run({
      ...{ inputs_embeds: inputs_embeds!, attention_mask: int64([1, total], Array(total).fill(1)) },
      position_ids: int64(
        [1, next.length],
        next.map((_, i) => past + i),
      ),
      num_logits_to_keep: int64([], [1]),
      ...cache,
    })
    const { logits, ...presents } = result
    cache = Object.fromEntries(
      Object.entries(presents).map(([name, tensor]) => [name.replace('present', 'past_key_values'), tensor]),
    )
    past = total
    const row = logits!.data as Float32Array
    first ??= row
    const best = row.reduce((most, value, i) => (value > row[most]! ? i : most), 0)
    tokens.push(best)
    next = [best]
  }
  return { tokens, first: first! }
}

const wanted = shared !== undefined && process.env.PERSTREAM_REQUIRE?.includes('smollm2')

describe.skipIf(!wanted)(
  'SmolLM2-135M from safetensors (skipped without PERSTREAM_REQUIRE=smollm2 and shared material)',
  () => {
    it('writes what the original writes', async () => {
      const packed = join(shared!, 'models/SmolLM2-135M-Instruct')
      const { prompts } = JSON.parse(await readFile(join(packed, 'golden.json'), 'utf8')) as { prompts: GoldenPrompt[] }
      await using work = await madeFolder()
      await unpack(packed, work.path)
      await using parts = await openLanguageModel(work.path, { runtime: createOnnxRuntime(), device: 'cpu' })
      for (const { user, input_ids, greedy_tokens, first_step_top10 } of prompts) {
        const { tokens, first } = await greedy(parts, input_ids, greedy_tokens.length)
        for (const [id, logit] of first_step_top10) expect(Math.abs(first[id]! - logit), user).toBeLessThan(1e-3)
        expect(tokens, user).toEqual(greedy_tokens)
      }
    }, 600_000)
  },
)
