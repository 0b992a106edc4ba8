import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesSource, openSafetensors } from '@perstream/onnx'
import type { PromptPart, PromptTurn, RgbImage } from '@perstream/spec'
import { shared } from '../src/models/test-material'

/** The four tiny look-alikes. */
export const tinyModels = ['tiny-qwen2-vl', 'tiny-qwen2.5-vl', 'tiny-qwen3-vl', 'tiny-qwen2.5-omni-thinker'] as const

/** Where a test model lies. */
export function modelFolder(name: string): string {
  return join(shared!, 'models', name)
}

/** One case of a tiny model's golden.json. */
export interface GoldenCase {
  readonly name: string
  readonly image?: string
  readonly pooled?: readonly string[]
  readonly messages: readonly { role: 'user'; content: readonly { type: 'text' | 'image'; text?: string }[] }[]
  readonly input_ids: readonly number[]
  readonly position_ids: readonly (readonly number[])[]
  readonly rope_delta: number
  readonly image_grid_thw: readonly (readonly [number, number, number])[]
  readonly greedy_tokens: readonly number[]
  readonly logits_last: string
}

/** What a tiny model must give. */
export interface Golden {
  readonly images: readonly {
    readonly image: string
    readonly pixel_values: string | null
    readonly image_features: string
    readonly resized: string | null
    readonly merged_h_w: readonly [number, number]
    readonly image_size_h_w: readonly [number, number]
    readonly image_grid_thw: readonly (readonly [number, number, number])[]
    readonly pixel_values_sum_abs: number
    readonly pixel_values_row0_first8: readonly number[]
  }[]
  readonly pixel_cases: readonly GoldenCase[]
  readonly injected_cases: readonly GoldenCase[]
  floats(name: string): Float32Array
  image(name: string): RgbImage
}

/** Reads the golden values of a tiny model. */
export async function readGolden(name: string): Promise<Golden> {
  const folder = modelFolder(name)
  const bytes = await readFile(join(folder, 'golden.safetensors'))
  const { tensors } = await openSafetensors(bytesSource('golden.safetensors', bytes))
  const valuesOf = (tensor: string) => {
    const { offset, length, shape } = tensors.get(tensor)!
    return { shape, bytes: Uint8Array.from(bytes.subarray(offset, offset + length)) }
  }
  const json = JSON.parse(await readFile(join(folder, 'golden.json'), 'utf8')) as Golden
  return {
    ...json,
    floats: (tensor) => new Float32Array(valuesOf(tensor).bytes.buffer),
    image(tensor) {
      const { shape, bytes: data } = valuesOf(tensor)
      return { data, height: shape[0]!, width: shape[1]! }
    },
  }
}

/** The turns of a case: images in pixels, or the pooled rows in place of them. */
export function turnsOf(
  golden: Golden,
  { messages, image, pooled, image_grid_thw: grids }: GoldenCase,
  space: string,
): PromptTurn[] {
  let next = 0
  const visual = (): PromptPart => {
    const at = next++
    if (image !== undefined) return { kind: 'image', image: golden.image(`image.${image}`) }
    const [, rows, columns] = grids[at]!
    const data = golden.floats(pooled![at]!)
    const size = (rows / 2) * (columns / 2)
    return {
      kind: 'embedding',
      grid: { data, rows: rows / 2, columns: columns / 2, dimensions: data.length / size, space },
    }
  }
  return messages.map(({ role, content }) => ({
    role,
    parts: content.map(({ type, text }) => (type === 'text' ? { kind: 'text', text: text! } : visual())),
  }))
}

/** The largest absolute difference. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!))
  return largest
}
