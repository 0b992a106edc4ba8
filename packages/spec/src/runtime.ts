import type { CallOptions } from './options'
import type { TensorData } from './tensor'

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
  readonly data: TensorData
}

/** A tensor that may still lie on the device. */
export interface TensorHandle extends Disposable {
  readonly type: ElementType
  readonly shape: readonly number[]
  /** Brings the values to the CPU. */
  read(options?: CallOptions): Promise<Tensor>
}

/**
 * Where a model is: a file, a URL, bytes, or one of the models of a folder in the layout of transformers.js
 * (`onnx/<name><suffix of the dtype>.onnx`; `name` is 'model' unless given), on the disk or on a hub.
 */
export type ModelSource =
  | { readonly path: string }
  | { readonly url: string }
  | { readonly bytes: Uint8Array }
  | { readonly folder: string; readonly name?: string | undefined }
  | { readonly hub: string; readonly name?: string | undefined; readonly revision?: string | undefined }

/** How the weights of a published model are kept: 'q4' are 4-bit blocks that compute in f32, 'q4f16' in f16. */
export type ModelDtype = 'f32' | 'f16' | 'int8' | 'q4' | 'q4f16'

/** Where models can run. 'auto' takes the best that works and says which. */
export type Device = 'auto' | 'cpu' | 'cuda' | 'tensorrt' | 'webgpu' | 'wasm'

/** Weights that a model given as bytes keeps elsewhere. */
export interface ExternalWeights {
  /** The location that the model names. */
  readonly location: string
  readonly data: { readonly bytes: Uint8Array } | { readonly path: string } | { readonly url: string }
}

/** How a model is opened. */
export interface OpenModelOptions extends CallOptions {
  readonly device?: Device | undefined
  /** Which of several devices of the kind, from 0. Default 0. */
  readonly deviceIndex?: number | undefined
  /** Which file of a folder or hub is taken. Default: the finest that is there and that the device computes. */
  readonly dtype?: ModelDtype | undefined
  /** What is found beside a model's path need not be given. */
  readonly externalData?: readonly ExternalWeights[] | undefined
  /** Outputs that stay on the device when {@link TensorSession.runHeld} made them. Default: none. */
  readonly heldOutputs?: readonly string[] | undefined
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
  /**
   * Runs the model; the session's `heldOutputs` stay on the device, to be fed to a later run of any session of the same
   * runtime and device without crossing over. Whoever called disposes the handles, before the session.
   */
  runHeld(
    feeds: Readonly<Record<string, Tensor | TensorHandle>>,
    options?: CallOptions & { readonly outputs?: readonly string[] | undefined },
  ): Promise<Record<string, TensorHandle>>
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
   * @throws PerStreamError `model-missing`, `model-invalid`, `model-unsupported`, `device-unavailable`
   */
  open(model: ModelSource, options?: OpenModelOptions): Promise<TensorSession>
}
