import { type CallOptions, PerStreamError } from '@perstream/spec'
import { elementBytes, type SafetensorsType } from '../safetensors'

/** Values of one type in a row, which several tensors can share. */
export interface TorchStorage {
  readonly type: SafetensorsType
  /** How many values. */
  readonly count: number
  /** Reads bytes of its values. */
  read(offset: number, length: number, options?: CallOptions): Promise<Uint8Array>
}

/** Finds the values of a storage. */
export type FindStorage = (key: string, type: SafetensorsType, count: number) => TorchStorage

/** Where in a storage the values of a tensor lie, counted in values. */
export interface TorchLayout {
  readonly shape: readonly number[]
  readonly stride: readonly number[]
  readonly offset: number
}

/** Views that repeat values of a small storage may have so many of them. */
const mostRepeated = 2 ** 24

/** A tensor of a PyTorch checkpoint. Its values are read when they are asked for. */
export class TorchTensor {
  readonly type: SafetensorsType
  readonly shape: readonly number[]
  readonly #storage: TorchStorage
  readonly #layout: TorchLayout

  /**
   * A tensor over a storage; made by `readTorchCheckpoint`.
   * @throws PerStreamError `model-invalid` when it reaches beyond the storage
   */
  constructor(storage: TorchStorage, layout: TorchLayout) {
    this.type = storage.type
    this.shape = layout.shape
    this.#storage = storage
    this.#layout = layout
    checkLayout(storage, layout)
  }

  /** Reads its values: raw, little-endian, row-major, whatever its strides are. */
  async read(options: CallOptions = {}): Promise<Uint8Array> {
    const { shape, stride, offset } = this.#layout
    const size = elementBytes[this.type]
    const count = countOf(shape)
    if (count === 0) return new Uint8Array()
    const reach = lastOf(shape, stride) + 1
    const bytes = await this.#storage.read(offset * size, reach * size, options)
    return isRowMajor(shape, stride) ? bytes : gather(bytes, { shape, stride, size })
  }
}

function checkLayout({ type, count }: TorchStorage, { shape, stride, offset }: TorchLayout): void {
  const numbers = [...shape, ...stride, offset]
  const whole = numbers.every((number) => Number.isSafeInteger(number) && number >= 0)
  if (!whole || shape.length !== stride.length) throw damaged(`its shape is [${shape}], its strides [${stride}]`)
  const values = countOf(shape)
  if (values === 0) return
  if (offset + lastOf(shape, stride) >= count) {
    throw damaged(`its shape [${shape}] reaches beyond the ${count} ${type} values of its storage`)
  }
  if (values > Math.max(count, mostRepeated)) throw damaged(`its shape [${shape}] repeats ${count} values without end`)
}

function damaged(problem: string): PerStreamError {
  return new PerStreamError('model-invalid', `A tensor of the checkpoint is damaged: ${problem}`)
}

function countOf(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1)
}

/** The place of the last value, from the first. */
function lastOf(shape: readonly number[], stride: readonly number[]): number {
  return shape.reduce((sum, size, i) => sum + (size - 1) * stride[i]!, 0)
}

function isRowMajor(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && stride[i] !== expected) return false
    expected *= shape[i]!
  }
  return true
}

const wordArrays = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const

function gather(
  bytes: Uint8Array,
  {
    shape,
    stride,
    size,
  }: { readonly shape: readonly number[]; readonly stride: readonly number[]; readonly size: number },
): Uint8Array {
  const kind = wordArrays[size as keyof typeof wordArrays]
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
  const from = new kind(buffer as ArrayBuffer, byteOffset, byteLength / size)
  const to = new kind(countOf(shape))
  const index = shape.map(() => 0)
  let place = 0
  for (let i = 0; i < to.length; i++) {
    to[i] = from[place]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += stride[axis]!
      index[axis]!++
      if (index[axis]! < shape[axis]!) break
      place -= stride[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return new Uint8Array(to.buffer)
}
