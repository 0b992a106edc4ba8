import { existsSync } from 'node:fs'
import { link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bytesSource, openSafetensors } from '@perstream/onnx'
import type { ElementType, Tensor } from '@perstream/spec'
import type { DecoderConfig } from './config/model-config'

const folder = process.env.PERSTREAM_SHARED ?? fileURLToPath(new URL('../../../../../shared', import.meta.url))

/** The folder of the test models, where it is there. */
export const shared: string | undefined = existsSync(folder) ? folder : undefined

const types = {
  F32: ['float32', Float32Array],
  I64: ['int64', BigInt64Array],
  U8: ['uint8', Uint8Array],
} as const satisfies Record<string, readonly [ElementType, unknown]>

/** Reads all tensors of a safetensors file; the result gives each by its name. */
export async function readGolden(path: string): Promise<(name: string) => Tensor> {
  const bytes = await readFile(path)
  const { tensors } = await openSafetensors(bytesSource(path, bytes))
  return (name) => {
    const { type, shape, offset, length } = tensors.get(name)!
    const [element, Values] = types[type as keyof typeof types]
    const copy = Uint8Array.from(bytes.subarray(offset, offset + length))
    return { type: element, shape, data: new Values(copy.buffer) }
  }
}

/** A new folder that holds files, and the safetensors files of a checkpoint; removed when it goes out of use. */
export async function workFolder(
  checkpoint: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'perstream-models-'))
  const weights = (await readdir(checkpoint)).filter((name) => name.endsWith('.safetensors'))
  for (const name of weights) await link(join(checkpoint, name), join(path, name))
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(path, name), bytes)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A tensor of int64 numbers. */
export function int64(shape: readonly number[], values: readonly number[]): Tensor {
  return { type: 'int64', shape, data: BigInt64Array.from(values, BigInt) }
}

/** A tensor of zeros, or of nothing. */
export function zeros(...shape: readonly number[]): Tensor {
  return { type: 'float32', shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) }
}

/** A cache that holds no position yet. */
export function emptyCache({ layers, keyValueHeads, headWidth }: DecoderConfig, batch = 1): Record<string, Tensor> {
  const names = Array.from({ length: layers }, (_, i) => [`past_key_values.${i}.key`, `past_key_values.${i}.value`])
  return Object.fromEntries(names.flat().map((name) => [name, zeros(batch, keyValueHeads, 0, headWidth)]))
}

/** The largest distance of two lists of numbers of the same length. */
export function largestDifference(found: ArrayLike<number | bigint>, wanted: ArrayLike<number | bigint>): number {
  if (found.length !== wanted.length) throw new RangeError(`${found.length} numbers, not ${wanted.length}`)
  let largest = 0
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs(Number(found[i]) - Number(wanted[i]))
    if (!(difference <= largest)) largest = difference
  }
  return largest
}
