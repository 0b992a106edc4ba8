import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A model hub on this machine. */
export interface LocalHub extends AsyncDisposable {
  readonly endpoint: string
  /** The commit of 'main'. */
  readonly commit: string
  /** Requests that came: path, and range where one was asked for. */
  readonly seen: { readonly path: string; readonly range?: string; readonly authorization?: string }[]
  /** Bytes of a file that are sent before the connection is cut, or goes on slowly; undefined: all at once. */
  trouble: { readonly path: string; readonly cutAfter?: number; readonly slowAfter?: number } | undefined
  /** What requests must have to be answered. */
  token: string | undefined
}

/** Starts a hub that has the model "owner/tiny-bert", by the protocol of huggingface.co. */
export async function startLocalHub(files: ReadonlyMap<string, Uint8Array>): Promise<LocalHub> {
  const commit = sha('sha1', ...files.values())
  const siblings = [...files].map(([rfilename, bytes]) => {
    const lfs = { sha256: sha('sha256', bytes), size: bytes.length, pointerSize: 134 }
    const blobId = sha('sha1', `blob ${bytes.length}\0`, bytes)
    return { rfilename, size: bytes.length, blobId, ...(bytes.length > 1000 && { lfs }) }
  })
  const server = createServer((request, response) => void answer(request, response))
  const hub: LocalHub = {
    ...{ endpoint: '', commit, seen: [], trouble: undefined, token: undefined },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = decodeURIComponent(request.url!.split('?')[0]!)
    const { range, authorization } = request.headers
    hub.seen.push({ path, ...(range && { range }), ...(authorization && { authorization }) })
    if (hub.token !== undefined && authorization !== `Bearer ${hub.token}`) return response.writeHead(401).end()
    const revision = /^\/api\/models\/owner\/tiny-bert\/revision\/([^/]+)$/.exec(path)?.[1]
    if (revision === 'main' || revision === commit) return response.end(JSON.stringify({ sha: commit, siblings }))
    const name = path.split(`/owner/tiny-bert/resolve/${commit}/`)[1]
    const bytes = name === undefined ? undefined : files.get(name)
    if (!bytes) return response.writeHead(404).end()
    response.setHeader('x-repo-commit', commit)
    return send(response, bytes, { name: name!, range })
  }
  const send = async (
    response: ServerResponse,
    bytes: Uint8Array,
    asked: { name: string; range: string | undefined },
  ) => {
    const start = Number(/^bytes=(\d+)-$/.exec(asked.range ?? '')?.[1] ?? 0)
    const body = bytes.subarray(start)
    const headers = { etag: `"${sha('sha1', bytes)}"`, 'content-length': body.length }
    const partial = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }
    response.writeHead(start > 0 ? 206 : 200, { ...headers, ...(start > 0 && partial) })
    const { cutAfter = Number.POSITIVE_INFINITY, slowAfter = Number.POSITIVE_INFINITY } =
      hub.trouble?.path === asked.name ? hub.trouble : {}
    for (let at = 0; at < body.length && !response.destroyed; at += pieceLength) {
      if (at >= cutAfter) return response.destroy()
      if (at >= slowAfter) await new Promise((resolve) => setTimeout(resolve, 100))
      await new Promise<void>((resolve) => response.write(body.subarray(at, at + pieceLength), () => resolve()))
    }
    return response.end()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(hub, { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

const pieceLength = 4096

function sha(algorithm: string, ...parts: (string | Uint8Array)[]): string {
  const hash = createHash(algorithm)
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
