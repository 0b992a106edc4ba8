import { bytesSource } from '@perstream/onnx'
import type { CallOptions } from '@perstream/spec'
import { modelMissing } from './failures'
import type { ModelFile, ModelFiles } from './platform'

/** Downloads a file. @throws PerStreamError `model-missing` that says what the server answered */
export async function fetchBytes(url: string, { signal }: CallOptions = {}): Promise<Uint8Array> {
  const reached = async () => {
    const response = await fetch(url, { signal: signal ?? null })
    const bytes = response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined
    return { bytes, status: response.status }
  }
  const { bytes, status } = await reached().catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw modelMissing(url, cause instanceof Error ? cause.message : String(cause), cause)
  })
  if (!bytes) throw modelMissing(url, `the server answered ${status}`)
  return bytes
}

/** Asks whether a file is there. A server that answers everything with its page does not have it. */
export async function fetchExists(url: string, { signal }: CallOptions = {}): Promise<boolean> {
  const response = await fetch(url, { method: 'HEAD', signal: signal ?? null }).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw modelMissing(url, cause instanceof Error ? cause.message : String(cause), cause)
  })
  return response.ok && !(response.headers.get('content-type') ?? '').startsWith('text/html')
}

/** Downloads a file once, to read pieces of it. */
export async function openFetched(url: string, options: CallOptions): Promise<ModelFile> {
  const bytes = await fetchBytes(url, options)
  return { ...bytesSource(url, bytes), bytes, close: async () => {} }
}

/** Files behind URLs, as browsers have them: a path is one relative to the page. */
export function fetchedFiles(base: string): ModelFiles {
  const absolute = (location: string) => new URL(location, base).href
  return {
    exists: (location, options) => fetchExists(absolute(location), options),
    open: (location, options) => openFetched(absolute(location), options),
    read: (location, options) => fetchBytes(absolute(location), options),
    beside: (location, name) => new URL(name, absolute(location)).href,
    path: () => undefined,
    folder: () => undefined,
  }
}
