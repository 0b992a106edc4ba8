import { importPeer } from '@perstream/kit'
import type { ElementType, Tensor } from '@perstream/spec'

/** What we use of a tensor of onnxruntime-common. */
export interface OrtTensor {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: ArrayBufferView
}

/** What we use of a session of onnxruntime-common. */
export interface OrtSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  readonly inputMetadata: readonly OrtMetadata[]
  readonly outputMetadata: readonly OrtMetadata[]
  run(feeds: Record<string, OrtTensor>, fetches: readonly string[]): Promise<Record<string, OrtTensor>>
  release(): Promise<void>
}

/** Name, type and shape at a boundary; an unnamed unknown dimension is an empty string. */
export interface OrtMetadata {
  readonly name: string
  readonly isTensor: boolean
  readonly type?: string
  readonly shape?: readonly (number | string)[]
}

/** What we use of the package onnxruntime-node. */
export interface OrtModule {
  readonly InferenceSession: {
    create(model: string | Uint8Array, options: Record<string, unknown>): Promise<OrtSession>
  }
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor
  readonly env: { readonly versions: { readonly node?: string } }
  listSupportedBackends(): readonly { readonly name: string; readonly bundled: boolean }[]
}

/** Loads onnxruntime-node. @throws PerStreamError `dependency-missing` when it is not installed or does not load */
export function loadOrt(): Promise<OrtModule> {
  return importPeer<OrtModule>('onnxruntime-node', 'Running ONNX models', () => import('onnxruntime-node'))
}

/** The typed array that carries each element type. */
export const arrayOfType = {
  float32: Float32Array,
  float16: Uint16Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<ElementType, unknown>

/** Tells whether a type name of the runtime is one that crosses our boundary: strings and 4-bit types are not. */
export function isElementType(name: string | undefined): name is ElementType {
  return name !== undefined && Object.hasOwn(arrayOfType, name)
}

/** Wraps our tensor for the runtime, without a copy. */
export function toOrt(ort: OrtModule, tensor: Tensor): OrtTensor {
  return new ort.Tensor(tensor.type, tensor.data, tensor.shape)
}

/** Wraps a tensor of the runtime as ours, without a copy: half floats may come as a Float16Array on newer Nodes. */
export function fromOrt(tensor: OrtTensor): Tensor {
  const type = tensor.type as ElementType
  const shape = [...tensor.dims]
  if (type !== 'float16') return { type, shape, data: tensor.data as Tensor['data'] }
  const { buffer, byteOffset, byteLength } = tensor.data
  return { type, shape, data: new Uint16Array(buffer as ArrayBuffer, byteOffset, byteLength / 2) }
}
