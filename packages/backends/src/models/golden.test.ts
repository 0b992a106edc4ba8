import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tensor, TensorSession } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../onnx'
import type { VisionLanguageConfig } from './config/model-config'
import type { LanguageModelParts } from './language-model-parts'
import { madeFolder } from './made-checkpoint'
import { openLanguageModel } from './open-language-model'
import { emptyCache, int64, largestDifference, readGolden, shared, zeros } from './test-material'

interface GoldenCase {
  readonly name: string
  /** The image of a case of pixels. */
  readonly image?: string
  /** Rows that stand in for images. */
  readonly pooled?: readonly string[]
  readonly input_ids: readonly number[]
  readonly position_ids: readonly (readonly number[])[]
  readonly rope_delta: number
  readonly greedy_tokens: readonly number[]
}

interface Golden {
  readonly images: readonly { readonly image: string; readonly image_grid_thw: readonly (readonly number[])[] }[]
  readonly pixel_cases: readonly GoldenCase[]
  readonly injected_cases: readonly GoldenCase[]
}

/** Runs the parts of a decoder one after the other, and keeps the cache. */
function createLoop({ config, decoder }: LanguageModelParts) {
  let cache = emptyCache(config.text)
  let past = 0
  return async (embeddings: Tensor, positions: Tensor, deepstack: readonly Tensor[]): Promise<Tensor> => {
    const length = embeddings.shape[1]!
    const mask = int64([1, past + length], Array<number>(past + length).fill(1))
    const all: Record<string, Tensor> = {
      ...{ inputs_embeds: embeddings, attention_mask: mask, position_ids: positions },
      num_logits_to_keep: int64([], [1]),
      ...Object.fromEntries(deepstack.map((rows, i) => [`deepstack_embeds.${i}`, rows])),
      ...cache,
    }
    const results: Record<string, Tensor> = {}
    for (const part of decoder) {
      Object.assign(results, await part.run(Object.fromEntries(part.inputs.map(({ name }) => [name, all[name]!]))))
      if (results.hidden_states_out) all.hidden_states = results.hidden_states_out
    }
    const kept = Object.entries(results).filter(([name]) => name.startsWith('present.'))
    cache = Object.fromEntries(kept.map(([name, tensor]) => [name.replace('present', 'past_key_values'), tensor]))
    past += length
    return lastRow(results.logits!)
  }
}

/** Runs a vision tower: ready-made Qwen2-VL calls the grid otherwise. */
function see(vision: TensorSession, pixels: Tensor, grid: readonly number[]): Promise<Record<string, Tensor>> {
  const name = vision.inputs.find((input) => input.name !== 'pixel_values')!.name
  return vision.run({ pixel_values: pixels, [name]: int64([grid.length / 3, 3], grid) })
}

/** What follows the last token; ready-made models give the logits of all. */
function lastRow({ type, shape, data }: Tensor): Tensor {
  const vocabulary = shape.at(-1)!
  return { type, shape: [vocabulary], data: data.slice(-vocabulary) }
}

/** Puts rows in the places of image tokens. */
function placeRows(ids: readonly number[], image: number, into: Tensor, rows: ArrayLike<number | bigint>): Tensor {
  const width = into.shape[2]!
  const data = Float32Array.from(into.data as Float32Array)
  ids
    .map((id, i) => ({ id, i }))
    .filter(({ id }) => id === image)
    .forEach(({ i }, row) => {
      for (let k = 0; k < width; k++) data[i * width + k] = Number(rows[row * width + k])
    })
  return { ...into, data }
}

function indexOfLargest(values: Tensor['data']): number {
  return Array.from(values as Float32Array).reduce((best, value, i, all) => (value > all[best]! ? i : best), 0)
}

describe.skipIf(!shared).each([
  ['tiny-qwen2-vl', 'checkpoint', undefined],
  ['tiny-qwen2-vl', 'onnx', undefined],
  ['tiny-qwen2.5-vl', 'checkpoint', 1],
  ['tiny-qwen2.5-vl', 'onnx', undefined],
  ['tiny-qwen3-vl', 'checkpoint', 2],
  ['tiny-qwen3-vl', 'onnx', undefined],
  ['tiny-qwen2.5-omni-thinker', 'checkpoint', undefined],
  ['tiny-qwen2.5-omni-thinker', 'onnx', undefined],
] as const)('%s from %s, layers a part: %s (skipped without shared material)', (name, from, layersPerPart) => {
  const open = async (cacheFolder: string) =>
    openLanguageModel(folder, { runtime: createOnnxRuntime(), device: 'cpu', from, layersPerPart, cacheFolder })
  const folder = join(shared ?? '', 'models', name)
  const load = async () => ({
    golden: JSON.parse(await readFile(join(folder, 'golden.json'), 'utf8')) as Golden,
    tensors: await readGolden(join(folder, 'golden.safetensors')),
  })
  const encode = async (
    { vision }: LanguageModelParts,
    { golden, tensors }: Awaited<ReturnType<typeof load>>,
    image: string,
  ) => {
    const { image_grid_thw } = golden.images.find((each) => each.image === `image.${image}`)!
    return see(vision!, tensors(`pixel_values.${image}`), image_grid_thw.flat())
  }

  it('sees images as the original does, one by one and together', async () => {
    await using work = await madeFolder()
    await using opened = await open(work.path)
    const material = await load()
    const { golden, tensors } = material
    for (const image of ['A', 'B']) {
      const found = await encode(opened, material, image)
      for (const [key, rows] of Object.entries(found)) {
        expect(largestDifference(rows.data, tensors(`${key}.${image}`).data), `${key} of ${image}`).toBeLessThan(5e-5)
      }
    }
    const pixels = ['A', 'B'].map((image) => tensors(`pixel_values.${image}`))
    const data = Float32Array.from(pixels.flatMap((each) => [...(each.data as Float32Array)]))
    const grids = golden.images.slice(0, 2).flatMap((each) => each.image_grid_thw[0]!)
    const shape = [pixels[0]!.shape[0]! + pixels[1]!.shape[0]!, pixels[0]!.shape[1]!]
    const both = await see(opened.vision!, { type: 'float32', shape, data }, grids)
    for (const [key, rows] of Object.entries(both)) {
      const apart = ['A', 'B'].flatMap((image) => [...(tensors(`${key}.${image}`).data as Float32Array)])
      expect(largestDifference(rows.data, apart), key).toBeLessThan(5e-5)
    }
  })

  it('continues every prompt as the original does', async () => {
    await using work = await madeFolder()
    await using opened = await open(work.path)
    const material = await load()
    const { golden, tensors } = material
    const { embed } = opened
    const config = opened.config as VisionLanguageConfig
    const width = config.text.width
    const embedIds = async (ids: readonly number[]) =>
      (await embed.run({ input_ids: int64([1, ids.length], ids) })).inputs_embeds!
    for (const each of [...golden.pixel_cases, ...golden.injected_cases]) {
      const seen = each.image === undefined ? undefined : await encode(opened, material, each.image)
      const rows = seen
        ? [...(seen.image_features!.data as Float32Array)]
        : each.pooled!.flatMap((key) => [...(tensors(key).data as Float32Array)])
      const ids = each.input_ids
      const place = (into: Tensor, values: readonly number[]) => placeRows(ids, config.tokens.image, into, values)
      const deepstack = config.vision.deepstackLayers.map((_, i) => {
        const deep = seen?.[`deepstack_features.${i}`]
        const none = zeros(1, ids.length, width)
        return deep ? place(none, [...(deep.data as Float32Array)]) : none
      })
      const run = createLoop(opened)
      const prompt = place(await embedIds(ids), rows)
      let logits = await run(prompt, int64([3, 1, ids.length], each.position_ids.flat()), deepstack)
      expect(largestDifference(logits.data, tensors(`logits.${each.name}`).data), each.name).toBeLessThan(2e-4)
      const tokens: number[] = []
      while (tokens.length < each.greedy_tokens.length) {
        tokens.push(indexOfLargest(logits.data))
        const position = ids.length + tokens.length - 1 + each.rope_delta
        const none = deepstack.map(() => zeros(1, 1, width))
        logits = await run(await embedIds(tokens.slice(-1)), int64([3, 1, 1], Array(3).fill(position)), none)
      }
      expect(tokens, each.name).toEqual(each.greedy_tokens)
    }
  })

  it.skipIf(from === 'onnx')('gives the same in pieces, in a padded batch, and for frames of a clip', async () => {
    await using work = await madeFolder()
    await using opened = await open(work.path)
    const { golden, tensors } = await load()
    const { config, embed, decoder, vision } = opened
    const [one, two] = golden.injected_cases.slice(0, 2).map(({ input_ids: ids }) => ids.slice(0, 12)) as [
      number[],
      number[],
    ]
    const length = one.length + 3
    const padded = [...Array<number>(3).fill(0), ...two]
    const positions = (ids: readonly number[], start: number) => ids.map((_, i) => start + i)
    const embedIds = async (ids: readonly number[]) =>
      (await embed.run({ input_ids: int64([1, ids.length], ids) })).inputs_embeds!
    const deepstack = 'vision' in config ? config.vision.deepstackLayers : []
    const none = (batch: number, count: number) => deepstack.map(() => zeros(batch, count, config.text.width))
    const alone = async (ids: readonly number[], pieces: readonly (readonly [number, number])[]) => {
      const run = createLoop(opened)
      let logits: Tensor | undefined
      for (const [start, end] of pieces) {
        const piece = ids.slice(start, end)
        const places = Array<number[]>(3).fill(positions(piece, start)).flat()
        logits = await run(await embedIds(piece), int64([3, 1, piece.length], places), none(1, piece.length))
      }
      return logits!.data as Float32Array
    }
    const whole = await alone(two, [[0, 12]])
    const inPieces = await alone(two, [
      [0, 5],
      [5, 11],
      [11, 12],
    ])
    expect(largestDifference(inPieces, whole)).toBeLessThan(5e-5)

    const long = [...one, ...one.slice(0, 3)]
    const both = [...((await embedIds(long)).data as Float32Array), ...((await embedIds(padded)).data as Float32Array)]
    const mask = [...Array<number>(length).fill(1), 0, 0, 0, ...Array<number>(12).fill(1)]
    const rows = [...positions(long, 0), 0, 0, 0, ...positions(two, 0)]
    const all: Record<string, Tensor> = {
      inputs_embeds: { type: 'float32', shape: [2, length, config.text.width], data: Float32Array.from(both) },
      ...{ attention_mask: int64([2, length], mask), position_ids: int64([3, 2, length], [...rows, ...rows, ...rows]) },
      ...{ num_logits_to_keep: int64([], [1]), ...emptyCache(config.text, 2) },
      ...Object.fromEntries(none(2, length).map((values, i) => [`deepstack_embeds.${i}`, values])),
    }
    for (const part of decoder) {
      const result = await part.run(Object.fromEntries(part.inputs.map(({ name }) => [name, all[name]!])))
      Object.assign(all, result, result.hidden_states_out && { hidden_states: result.hidden_states_out })
    }
    expect(all.logits!.shape).toEqual([2, 1, config.text.vocabulary])
    expect(largestDifference(all.logits!.data.slice(config.text.vocabulary), whole)).toBeLessThan(5e-5)

    const pixels = tensors('pixel_values.A')
    const [, down, across] = golden.images[0]!.image_grid_thw[0]!
    const twice = Float32Array.from([...(pixels.data as Float32Array), ...(pixels.data as Float32Array)])
    const shape = [pixels.shape[0]! * 2, pixels.shape[1]!]
    const frames = await see(vision!, { type: 'float32', shape, data: twice }, [2, down!, across!])
    const features = [...(tensors('image_features.A').data as Float32Array)]
    expect(largestDifference(frames.image_features!.data, [...features, ...features])).toBeLessThan(5e-5)
  })
})
