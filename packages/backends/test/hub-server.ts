import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a server does wrong, once, with a request whose path holds `path`. */
export interface Fault {
  readonly path: string
  /** Answers with this status instead. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Closes the connection after so many bytes of the body. */
  readonly cutAfter?: number
  /** Sends nothing more after so many bytes of the body, and keeps the connection. */
  readonly stallAfter?: number
  /** Pauses so many milliseconds after each 16 kB. */
  readonly slow?: number
  /** Sends the whole file although a range was asked for. */
  readonly ignoreRange?: boolean
  /** Sends other bytes. */
  readonly corrupt?: boolean
  /** Sends more bytes than the file has. */
  readonly tooLong?: boolean
  /** Says that its range starts elsewhere. */
  readonly wrongRange?: boolean
}

/** One request that came. */
export interface SeenRequest {
  readonly server: 'hub' | 'store'
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Bytes of the body that were sent. */
  sent: number
}

/** A hub on this machine, and the store of large files that it redirects to. */
export interface HubServer extends AsyncDisposable {
  readonly endpoint: string
  readonly seen: SeenRequest[]
  /** Faults to come; each is used once. */
  readonly faults: Fault[]
  /** The commit of 'main'. */
  readonly commit: string
  /** Changes the listing. */
  change(listing: (reply: Record<string, unknown>) => unknown): void
}

const large = 1000
const hex = (algorithm: string, ...parts: (string | Uint8Array)[]) => {
  const hash = createHash(algorithm)
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** The name git has for content. */
export const gitName = (bytes: Uint8Array) => hex('sha1', `blob ${bytes.length}\0`, bytes)

/** Starts a hub that has one model, "owner/model". A token is wanted if one is given. */
export async function startHub(files: Readonly<Record<string, Uint8Array>>, token?: string): Promise<HubServer> {
  const commit = hex('sha1', ...Object.values(files))
  const seen: SeenRequest[] = []
  const faults: Fault[] = []
  let change = (reply: Record<string, unknown>): unknown => reply
  const takeFault = (path: string) => {
    const at = faults.findIndex((fault) => path.includes(fault.path))
    return at === -1 ? undefined : faults.splice(at, 1)[0]
  }
  const note = (server: 'hub' | 'store', { url = '', headers }: IncomingMessage): SeenRequest => {
    const request = { server, path: url, headers, sent: 0 }
    seen.push(request)
    return request
  }

  const store = createServer((request, response) => {
    const record = note('store', request)
    const bytes = files[decodeURIComponent(request.url!.slice(1).split('?')[0]!)]!
    send({ request, response, record, bytes, etag: `"store-${hex('md5', bytes)}"`, fault: takeFault(request.url!) })
  })
  const storeAddress = await listen(store)

  const hub = createServer((request, response) => {
    const record = note('hub', request)
    const path = request.url!
    const isListing = path.startsWith('/api/')
    // Faults of large files happen in the store.
    const name = decodeURIComponent(path.split(`/resolve/${commit}/`)[1] ?? '')
    const bytes = files[name]
    const isLarge = bytes !== undefined && bytes.length >= large
    const fault = isLarge ? undefined : takeFault(path)
    if (fault?.status) return void response.writeHead(fault.status, fault.headers).end('no')
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
      return void response.writeHead(401).end()
    if (isListing) {
      const known = /^\/api\/models\/owner\/model\/revision\/([^?]+)/.exec(path)?.[1]
      if (known !== 'main' && known !== commit) return void response.writeHead(404).end()
      return void response.end(JSON.stringify(change({ sha: commit, siblings: Object.entries(files).map(sibling) })))
    }
    if (!bytes) return void response.writeHead(404).end()
    if (isLarge) {
      const location = `${storeAddress}/${encodeURIComponent(name)}?signature=very-secret`
      const headers = { location, 'x-repo-commit': commit, 'x-linked-etag': `"${hex('sha256', bytes)}"` }
      return void response.writeHead(302, headers).end()
    }
    response.setHeader('x-repo-commit', commit)
    send({ request, response, record, bytes, etag: `"${gitName(bytes)}"`, fault })
  })
  const endpoint = await listen(hub)
  return {
    endpoint,
    seen,
    faults,
    commit,
    change: (next) => {
      change = next
    },
    async [Symbol.asyncDispose]() {
      for (const server of [hub, store]) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}

function sibling([rfilename, bytes]: [string, Uint8Array]): object {
  const blobId = gitName(bytes)
  const lfs = { sha256: hex('sha256', bytes), size: bytes.length, pointerSize: 134 }
  return { rfilename, size: bytes.length, blobId, ...(bytes.length >= large ? { lfs } : {}) }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Sending {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly record: SeenRequest
  readonly bytes: Uint8Array
  readonly etag: string
  readonly fault: Fault | undefined
}

async function send({ request, response, record, bytes, etag, fault = { path: '' } }: Sending): Promise<void> {
  if (fault.status) return void response.writeHead(fault.status, fault.headers).end('no')
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
  const condition = request.headers['if-range']
  const start =
    asked && !fault.ignoreRange && (condition === undefined || condition === etag) ? Number(asked[1]) : undefined
  if (start !== undefined && start >= bytes.length) return void response.writeHead(416).end()
  const whole = fault.tooLong
    ? Buffer.concat([bytes, Buffer.from('more')])
    : fault.corrupt
      ? bytes.map((byte) => byte ^ 1)
      : bytes
  const body = Buffer.from(whole.subarray(start ?? 0))
  const headers = { etag, 'accept-ranges': 'bytes', 'content-length': body.length, ...fault.headers }
  if (start === undefined) response.writeHead(200, headers)
  else {
    const range = `bytes ${fault.wrongRange ? start + 1 : start}-${bytes.length - 1}/${bytes.length}`
    response.writeHead(206, { ...headers, 'content-range': range })
  }
  const end = Math.min(body.length, fault.cutAfter ?? fault.stallAfter ?? body.length)
  for (let at = 0; at < end && !response.destroyed; at += 16384) {
    const piece = body.subarray(at, Math.min(at + 16384, end))
    record.sent += piece.length
    await new Promise<void>((resolve) => response.write(piece, () => resolve()))
    if (fault.slow) await new Promise((resolve) => setTimeout(resolve, fault.slow))
  }
  if (fault.cutAfter !== undefined) response.destroy()
  else if (fault.stallAfter === undefined) response.end()
}
