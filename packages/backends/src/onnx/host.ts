import type { ElementType, Tensor, TensorSpec } from '@perstream/spec'
import type { NamedDevice } from './named-device'

/** A tensor that stays where the runtime made it, by number. */
export interface HeldTensor {
  readonly held: number
  readonly type: ElementType
  readonly shape: readonly number[]
}

/** What a run returns: values, or the number of values that stay there. */
export type HostTensor = Tensor | HeldTensor

/** What is fed: values, or the number of values that are there. */
export type HostFeed = Tensor | Pick<HeldTensor, 'held'>

/** A model to open, read and chosen for. */
export interface HostModel {
  readonly device: NamedDevice
  readonly deviceIndex: number
  /** How the model is named in messages. */
  readonly label: string
  /** A path, so that external data is found beside it, or bytes. */
  readonly content: string | Uint8Array
  readonly external: readonly { readonly path: string; readonly data: Uint8Array }[]
  /** Where the external data of a model of bytes lies. */
  readonly externalFolder?: string | undefined
  /** Names of nodes that run on the CPU whatever the device. */
  readonly cpuNodes: readonly string[]
  readonly threads: number | undefined
  readonly heldOutputs: readonly string[]
  /** Fails where a node would run on the CPU instead of the device. */
  readonly strict: boolean
}

/** A model that was opened, by number. */
export interface HostSession {
  readonly session: number
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
}

/** One run. */
export interface HostRun {
  readonly session: number
  readonly feeds: Readonly<Record<string, HostFeed>>
  readonly outputs: readonly string[]
  /** Whether the session's held outputs stay. */
  readonly hold: boolean
}

/** Where ONNX Runtime lives: this thread or another one. Everything in it goes by numbers, so that messages can carry it. */
export interface Host {
  readonly version: string
  open(model: HostModel, signal?: AbortSignal): Promise<HostSession>
  run(run: HostRun, signal?: AbortSignal): Promise<Record<string, HostTensor>>
  /** Brings a held tensor to memory. */
  read(held: number, signal?: AbortSignal): Promise<Tensor>
  /** Lets held tensors go. */
  release(held: readonly number[]): void
  /** Closes a session once the tensors that it made are let go, since on a GPU they die with it. */
  close(session: number): Promise<void>
}
