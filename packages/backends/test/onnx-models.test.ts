import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Tensor, TensorHandle, TensorSession } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../src/onnx'
import type { NamedDevice } from '../src/onnx/named-device'
import { offerSoftwareAdapter } from './onnx-devices'

offerSoftwareAdapter()
const shared = process.env.PERSTREAM_SHARED ?? resolve(import.meta.dirname, '../../../../shared')
const folder = join(shared, 'models/tiny-qwen2.5-vl')
const skipped = existsSync(folder) ? '' : ' (skipped: no shared material)'

const layers = [0, 1, 2].flatMap((layer) => [`${layer}.key`, `${layer}.value`])
const heldOutputs = layers.map((name) => `present.${name}`)
const int64 = (values: number[], shape: number[]): Tensor => ({
  type: 'int64',
  shape,
  data: BigInt64Array.from(values, BigInt),
})

/** Feeds a decoder token by token, its keys and values held, and gives the logits of each step. */
async function decode(embed: TensorSession, decoder: TensorSession): Promise<Float32Array[]> {
  const empty: Tensor = { type: 'float32', shape: [1, 2, 0, 16], data: new Float32Array(0) }
  let kept: Record<string, Tensor | TensorHandle> = {}
  for (const name of layers) kept[`past_key_values.${name}`] = empty
  const steps: Float32Array[] = []
  let past = 0
  for (const ids of [[5, 17, 42, 99], [7], [300]]) {
    const count = ids.length
    const places = ids.map((_, i) => past + i)
    const { inputs_embeds } = await embed.run({ input_ids: int64(ids, [1, count]) })
    const results = await decoder.runHeld({
      ...kept,
      inputs_embeds: inputs_embeds!,
      attention_mask: int64(Array(past + count).fill(1), [1, past + count]),
      position_ids: int64([...places, ...places, ...places], [3, 1, count]),
    })
    for (const tensor of Object.values(kept)) if ('read' in tensor) tensor[Symbol.dispose]()
    kept = Object.fromEntries(layers.map((name) => [`past_key_values.${name}`, results[`present.${name}`]!]))
    steps.push((await results.logits!.read()).data as Float32Array)
    past += count
  }
  for (const tensor of Object.values(kept)) (tensor as TensorHandle)[Symbol.dispose]()
  return steps
}

async function decodeOn(device: NamedDevice, worker: boolean): Promise<Float32Array[]> {
  const runtime = createOnnxRuntime({ threads: 1, worker })
  await using embed = await runtime.open({ folder, name: 'embed_tokens' }, { device })
  await using decoder = await runtime.open({ folder, name: 'decoder_model_merged' }, { device, heldOutputs })
  return await decode(embed, decoder)
}

describe.skipIf(skipped !== '')(`a decoder whose keys and values are held${skipped}`, async () => {
  const table = await createOnnxRuntime().capabilities()
  const devices = table.filter(({ available }) => available).map(({ device }) => device)
  it.each(devices)('gives the logits of the calling thread on %s', async (device) => {
    const wanted = await decodeOn('cpu', false)
    const given = await decodeOn(device, true)
    for (const [step, logits] of wanted.entries()) {
      expect(given[step]).toHaveLength(logits.length)
      const farthest = logits.reduce((most, value, i) => Math.max(most, Math.abs(value - given[step]![i]!)), 0)
      expect(farthest).toBeLessThan(1e-3)
      expect(Math.max(...logits)).toBeGreaterThan(0.1)
    }
  })

  it.each(devices)('embeds words that are looked up in half floats on %s', async (device) => {
    const ids = [101, 2073, 2024, 2026, 6309, 102]
    const ones = int64(Array(ids.length).fill(1), [1, ids.length])
    const embed = async (on: NamedDevice) => {
      const model = { folder: join(shared, 'models/all-MiniLM-L6-v2') }
      await using session = await createOnnxRuntime({ threads: 1 }).open(model, { device: on })
      const feeds = { input_ids: int64(ids, [1, ids.length]), attention_mask: ones, token_type_ids: ones }
      return (await session.run(feeds)).last_hidden_state!.data as Float32Array
    }
    const [given, wanted] = [await embed(device), await embed('cpu')]
    expect(wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - given[i]!)), 0)).toBeLessThan(1e-4)
  })
})
