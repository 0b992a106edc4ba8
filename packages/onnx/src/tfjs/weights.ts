import { fromHalf } from '@perstream/kit'
import { PerStreamError, type Tensor } from '@perstream/spec'
import type { TfjsModelJson, TfjsWeight } from './graph-model'

/** Reads weights by name, each when it is asked for. */
export type ReadWeight = (name: string) => Tensor | undefined

/**
 * Finds the weights of a manifest in its shards. Float32 weights are views of the joined shards, the others copies:
 * quantised ones are expanded to float32, int32 becomes int64.
 * @throws PerStreamError `model-invalid` when the shards are shorter or longer than the manifest says
 */
export function openWeights({ weightsManifest }: TfjsModelJson, shards: readonly Uint8Array[]): ReadWeight {
  const bytes = joinAligned(shards)
  const places = new Map<string, { weight: TfjsWeight; offset: number }>()
  let offset = 0
  for (const weight of weightsManifest.flatMap(({ weights }) => weights)) {
    places.set(weight.name, { weight, offset })
    offset += count(weight) * storedSize(weight)
  }
  if (offset !== bytes.length) {
    throw new PerStreamError('model-invalid', `The weights have ${bytes.length} bytes: the manifest lists ${offset}`)
  }
  const decodeHalf = createHalfDecoder()
  return (name) => {
    const place = places.get(name)
    return place && readWeight(place.weight, bytes.subarray(place.offset), decodeHalf)
  }
}

function joinAligned(shards: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(shards.reduce((sum, shard) => sum + shard.length, 0))
  let offset = 0
  for (const shard of shards) {
    bytes.set(shard, offset)
    offset += shard.length
  }
  return bytes
}

type DecodeHalf = (halves: Uint16Array) => Float32Array

function readWeight(weight: TfjsWeight, bytes: Uint8Array, decodeHalf: DecodeHalf): Tensor {
  const { shape } = weight
  const stored = bytes.subarray(0, count(weight) * storedSize(weight))
  if (weight.quantization) return { type: 'float32', shape, data: expand(weight, stored, decodeHalf) }
  if (weight.dtype === 'float32') return { type: 'float32', shape, data: view(Float32Array, stored) }
  if (weight.dtype === 'int32') {
    return { type: 'int64', shape, data: BigInt64Array.from(view(Int32Array, stored), BigInt) }
  }
  return { type: 'bool', shape, data: stored.slice() }
}

function expand({ name, quantization }: TfjsWeight, stored: Uint8Array, decodeHalf: DecodeHalf): Float32Array {
  const { dtype, scale = 1, min = 0 } = quantization!
  if (dtype === 'float16') return decodeHalf(view(Uint16Array, stored))
  if (dtype === 'uint8') return Float32Array.from(stored, (value) => value * scale + min)
  if (dtype === 'uint16') return Float32Array.from(view(Uint16Array, stored), (value) => value * scale + min)
  throw new PerStreamError('model-unsupported', `The weight "${name}" is quantised as ${dtype}`)
}

/** Half floats through a table of all of them: many times faster than one by one. */
function createHalfDecoder(): DecodeHalf {
  let table: Float32Array | undefined
  return (halves) => {
    table ??= fromHalf(Uint16Array.from({ length: 65536 }, (_, i) => i))
    const floats = new Float32Array(halves.length)
    for (let i = 0; i < halves.length; i++) floats[i] = table[halves[i]!]!
    return floats
  }
}

interface ArrayKind<Array> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, offset: number, length: number): Array
}

/** Looks at bytes as an array of another type; copies them only where they are not aligned. */
function view<Array>(Kind: ArrayKind<Array>, bytes: Uint8Array): Array {
  const size = Kind.BYTES_PER_ELEMENT
  const { buffer, byteOffset, length } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
  return new Kind(buffer as ArrayBuffer, byteOffset, length / size)
}

function count({ shape }: TfjsWeight): number {
  return shape.reduce((product, size) => product * size, 1)
}

function storedSize({ name, dtype, quantization }: TfjsWeight): number {
  const stored = quantization?.dtype ?? dtype
  if (stored === 'float32' || stored === 'int32') return 4
  if (stored === 'float16' || stored === 'uint16') return 2
  if (stored === 'uint8' || stored === 'bool') return 1
  throw new PerStreamError('model-unsupported', `The weight "${name}" has the element type ${stored}`)
}
