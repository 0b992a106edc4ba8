import type { CallOptions } from './options'

/** Element types that tensors at a runtime's boundary can have. */
export type ElementType =
  | 'float32'
  | 'float16'
  | 'float64'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'

/** A dense tensor, row-major. Float16 lies in a Uint16Array, int64 in a BigInt64Array, bool in a Uint8Array. */
export interface Tensor {
  readonly type: ElementType
  readonly shape: readonly number[]
  readonly data:
    | Float32Array
    | Float64Array
    | Int8Array
    | Uint8Array
    | Int16Array
    | Uint16Array
    | Int32Array
    | Uint32Array
    | BigInt64Array
    | BigUint64Array
}

/** A tensor that may still lie on the device. */
export interface TensorHandle extends Disposable {
  readonly type: ElementType
  readonly shape: readonly number[]
  /** Brings the values to the CPU. */
  read(options?: CallOptions): Promise<Tensor>
}

/** Where a model is: a file, a URL, or bytes. */
export type ModelSource = { readonly path: string } | { readonly url: string } | { readonly bytes: Uint8Array }

/** Where models can run. 'auto' takes the best that works and says which. */
export type Device = 'auto' | 'cpu' | 'cuda' | 'tensorrt' | 'webgpu' | 'wasm'

/** How a model is opened. */
export interface OpenModelOptions extends CallOptions {
  readonly device?: Device | undefined
  /** Threads within one operator, on the CPU. */
  readonly threads?: number | undefined
}

/** A name, type and shape at a model's boundary; an unknown dimension is its name, or -1. */
export interface TensorSpec {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly (number | string)[]
}

/** A model that is ready to run. Whoever opened it closes it. */
export interface TensorSession extends AsyncDisposable {
  readonly device: Exclude<Device, 'auto'>
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  /**
   * Runs the model; the values come back on the CPU.
   * @throws PerStreamError `input-invalid` for a missing or wrongly shaped input, before the runtime fails.
   */
  run(
    feeds: Readonly<Record<string, Tensor | TensorHandle>>,
    options?: CallOptions & { readonly outputs?: readonly string[] | undefined },
  ): Promise<Record<string, Tensor>>
}

/** What a device can do here. */
export interface DeviceCapability {
  readonly device: Exclude<Device, 'auto'>
  readonly available: boolean
  /** Why not, and what to do; or what was found. */
  readonly detail: string
  readonly elementTypes: readonly ElementType[]
}

/** What inference and training run on. */
export interface TensorRuntime {
  readonly name: string
  /** Probes the devices; cheap after the first call. */
  capabilities(options?: CallOptions): Promise<readonly DeviceCapability[]>
  /**
   * Opens a model.
   * @throws PerStreamError `model-missing`, `model-invalid`, `device-unavailable`
   */
  open(model: ModelSource, options?: OpenModelOptions): Promise<TensorSession>
}
