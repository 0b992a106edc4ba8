import { arrayOfType } from '@perstream/kit'
import { PerStreamError, type Tensor, type TensorData } from '@perstream/spec'
import type { OnnxElementType, OnnxTensor } from './model'

/** Bytes of one element. */
export function elementSize(type: OnnxElementType): number {
  return type === 'bfloat16' ? 2 : arrayOfType[type].BYTES_PER_ELEMENT
}

/**
 * Makes a tensor for a model. The data is kept, not copied.
 * @throws TypeError when the data does not fill the shape, or lies in another kind of array than `type` says
 */
export function createTensor(name: string, { type, shape, data }: Tensor): OnnxTensor {
  const count = shape.reduce((product, size) => product * size, 1)
  if (!(data instanceof arrayOfType[type]))
    throw new TypeError(`data of "${name}": ${type} lies in a ${arrayOfType[type].name}`)
  if (data.length !== count) {
    throw new TypeError(`data of "${name}" has ${data.length} elements: the shape [${shape}] needs ${count}`)
  }
  return { name, type, shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}

/**
 * Gives the values of a model's tensor; copied only where the bytes are not aligned.
 * @throws PerStreamError `model-unsupported` for bfloat16, and for values that lie in another file
 */
export function readTensorData({ name, type, shape, data }: OnnxTensor): Tensor {
  if (!(data instanceof Uint8Array) || type === 'bfloat16') {
    const problem = type === 'bfloat16' ? 'is bfloat16' : 'lies in another file'
    throw new PerStreamError('model-unsupported', `The tensor "${name}" cannot be read: it ${problem}`)
  }
  const size = elementSize(type)
  const { buffer, byteOffset } = data.byteOffset % size === 0 ? data : new Uint8Array(data)
  return { type, shape, data: new arrayOfType[type](buffer as ArrayBuffer, byteOffset, data.length / size) }
}

/** The bytes of numbers of one type. @throws PerStreamError `model-invalid` for fractions where whole numbers belong */
export function rawBytes(type: OnnxElementType, numbers: readonly (number | bigint)[]): Uint8Array {
  const array: TensorData = new arrayOfType[type === 'bfloat16' ? 'uint16' : type](numbers.length)
  numbers.forEach((number, i) => {
    const wide = typeof array[i] === 'bigint'
    if (wide && typeof number === 'number' && !Number.isInteger(number)) {
      throw new PerStreamError('model-invalid', `A tensor of type ${type} holds ${number}`)
    }
    array[i] = wide ? BigInt(number) : Number(number)
  })
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
