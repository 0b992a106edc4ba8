import type { ByteSource } from '@perstream/onnx'
import type { CallOptions } from '@perstream/spec'
import type { Host } from './host'
import type { NamedDevice } from './named-device'

/** A host, and how to end it. */
export interface HostLink {
  readonly host: Host
  /** Ends the thread that it runs in, where it has one of its own. */
  stop(): void
  /** Is called when the thread ended by itself: its sessions are gone. */
  onLost(listener: () => void): void
}

/** A file of a model that pieces are read of. */
export interface ModelFile extends ByteSource {
  /** All of it, where it is in memory already. */
  readonly bytes?: Uint8Array
  close(): Promise<void>
}

/** The files of models: on the disk in Node, behind URLs in browsers. */
export interface ModelFiles {
  /** Whether there is something to read. */
  exists(location: string, options: CallOptions): Promise<boolean>
  /** Opens a file to read pieces of it. @throws PerStreamError `model-missing` */
  open(location: string, options: CallOptions): Promise<ModelFile>
  /** Reads a whole file. @throws PerStreamError `model-missing` */
  read(location: string, options: CallOptions): Promise<Uint8Array>
  /** The file `name` beside another one. */
  beside(location: string, name: string): string
  /** The path of a file that onnxruntime-node can open by itself; undefined for what is not on the disk. */
  path(location: string): string | undefined
  /** The folder under which a file on the disk is found by the relative name `name`; undefined where it is not. */
  folder(location: string, name: string): string | undefined
}

/** What Node and browsers do each in their way. */
export interface Platform {
  readonly name: string
  /** The devices that the platform knows. */
  readonly devices: readonly NamedDevice[]
  /** The devices that 'auto' considers, best first; the last one is taken when no other is. */
  readonly automatic: readonly NamedDevice[]
  readonly files: ModelFiles
  /** Whether the runtime of a device opens files by itself. */
  opensFiles(device: NamedDevice): boolean
  /** Why a device cannot work, as far as that shows without starting the runtime. */
  missing(device: NamedDevice): Promise<string | undefined>
  /** Why 'auto' passes a device over without trying it. */
  passes(device: NamedDevice): Promise<string | undefined>
  /** Devices of one key share a host. */
  hostKey(device: NamedDevice, deviceIndex: number): string
  /** Starts the runtime for a device. @throws PerStreamError `dependency-missing`, `device-lost` */
  connect(device: NamedDevice): Promise<HostLink>
}
