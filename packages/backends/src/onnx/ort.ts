import { arrayOfType } from '@perstream/kit'
import type { ElementType, Tensor } from '@perstream/spec'

/** What we use of a tensor of onnxruntime-common. */
export interface OrtTensor {
  readonly type: string
  readonly dims: readonly number[]
  /** Where the values lie: 'gpu-buffer' on a WebGPU device, else in memory. */
  readonly location: string
  /** The values; fails when they are not in memory. */
  readonly data: ArrayBufferView
  /** Brings the values to memory. On a GPU this must never be called in Node: it ends the process. */
  getData(): Promise<ArrayBufferView>
  dispose(): void
}

/** What we use of a session of onnxruntime-common. */
export interface OrtSession {
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

/** What we use of the packages onnxruntime-node and onnxruntime-web. */
export interface OrtModule {
  readonly InferenceSession: {
    create(model: string | Uint8Array, options: Record<string, unknown>): Promise<OrtSession>
  }
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor
  readonly env: {
    readonly versions: { readonly node?: string; readonly web?: string }
    readonly wasm: { wasmPaths?: unknown; numThreads?: number }
    readonly webgpu?: { readonly device?: unknown }
    logLevel?: string
  }
  /** In onnxruntime-node only. */
  listSupportedBackends?(): readonly { readonly name: string; readonly bundled: boolean }[]
}

/** Every element type that crosses our boundary. */
export const elementTypes = Object.keys(arrayOfType) as ElementType[]

/** Tells whether a type name of the runtime is one that crosses our boundary: strings and 4-bit types are not. */
export function isElementType(name: string | undefined): name is ElementType {
  return name !== undefined && Object.hasOwn(arrayOfType, name)
}

/** Wraps our tensor for the runtime, without a copy. */
export function toOrt(ort: OrtModule, { type, shape, data }: Tensor): OrtTensor {
  return new ort.Tensor(type, data, shape)
}

/** Wraps values of the runtime as our tensor, without a copy: half floats may come as a Float16Array on newer Nodes. */
export function fromOrt({ type: name, dims }: OrtTensor, data: ArrayBufferView): Tensor {
  const type = name as ElementType
  const shape = [...dims]
  if (type !== 'float16') return { type, shape, data: data as Tensor['data'] }
  return { type, shape, data: new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / 2) }
}
