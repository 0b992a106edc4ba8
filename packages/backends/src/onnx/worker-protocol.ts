import { PerStreamError, type PerStreamErrorCode } from '@perstream/spec'
import type { Host, HostTensor } from './host'

/** The methods of a host that are called through messages. */
export type HostMethod = 'open' | 'run' | 'read' | 'release' | 'close'

/** To the thread of the host: first how to start, then calls. */
export type ToWorker =
  | { readonly start: unknown }
  | { readonly id: number; readonly method: HostMethod; readonly argument: unknown }

/** From the thread of the host: its version once it runs, and the answers. */
export type FromWorker =
  | { readonly version: string }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: PackedError }

/** An error as a message carries it. */
export interface PackedError {
  readonly message: string
  readonly code: PerStreamErrorCode | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

/** Asks a thread to end once its call has ended. */
export const stopThread = 'stop'

/** One end of a channel between threads. */
export interface Port<Sent, Received> {
  post(message: Sent, transfer?: readonly ArrayBuffer[]): void
  listen(listener: (message: Received) => void): void
}

function packError(error: unknown): PackedError {
  const message = error instanceof Error ? error.message : String(error)
  if (!PerStreamError.isInstance(error)) return { message, code: undefined, fields: {} }
  return { message, code: error.code, fields: error.fields }
}

export function unpackError({ message, code, fields }: PackedError): Error {
  return code === undefined ? new Error(message) : new PerStreamError(code, message, { fields })
}

/** What a thread is made from: how it loads the runtime. */
export interface ServedHost {
  readonly host: Host
  /** Whether values that it returns belong to nobody else, so that they move instead of being copied. */
  readonly movesResults: boolean
}

/** Answers the calls that come through a port. The number -1 stands for the start. */
export function serveHost(port: Port<FromWorker, ToWorker>, load: (start: unknown) => Promise<ServedHost>): void {
  let served: ServedHost | undefined
  const answer = async (method: HostMethod, argument: unknown) => {
    const host = served!.host as unknown as Record<HostMethod, (argument: unknown) => unknown>
    return host[method](argument)
  }
  port.listen(async (message) => {
    const id = 'id' in message ? message.id : -1
    try {
      if ('start' in message) {
        served = await load(message.start)
        port.post({ version: served.host.version })
        return
      }
      const result = await answer(message.method, message.argument)
      port.post({ id, result }, served!.movesResults ? buffersOf(message.method, result) : [])
    } catch (error) {
      port.post({ id, error: packError(error) })
    }
  })
}

function buffersOf(method: HostMethod, result: unknown): ArrayBuffer[] {
  const tensors = method === 'run' ? Object.values(result as Record<string, HostTensor>) : []
  const buffers = tensors.flatMap((tensor) => ('data' in tensor ? [tensor.data.buffer as ArrayBuffer] : []))
  return [...new Set(buffers)]
}
