import type { CallOptions } from '@perstream/spec'
import type { HubFile, HubListing } from './cache'
import type { HubClient } from './client'
import { badReply, encodePath, isCommit, isInside } from './names'

const longestListing = 64 * 1024 * 1024

/** Asks a hub what a model holds at a revision. @throws PerStreamError as the client does, and `reply-invalid` */
export async function fetchListing(
  client: HubClient,
  { id, revision, signal }: CallOptions & { readonly id: string; readonly revision: string },
): Promise<HubListing> {
  const path = `/api/models/${encodePath(id)}/revision/${encodeURIComponent(revision)}?blobs=true`
  const text = await client.persist(() => readText(client, path, { signal }), { signal })
  let reply: unknown
  try {
    reply = JSON.parse(text)
  } catch {
    throw badReply(`the listing of ${id} is no JSON`)
  }
  const { sha, siblings } = (reply ?? {}) as { sha?: unknown; siblings?: unknown }
  if (typeof sha !== 'string' || !isCommit(sha)) throw badReply(`the listing of ${id} names no commit`)
  if (!Array.isArray(siblings)) throw badReply(`the listing of ${id} names no files`)
  if (isCommit(revision) && sha !== revision) throw badReply(`the listing of ${id} is of ${sha}, not of ${revision}`)
  return { id, commit: sha, files: siblings.map(readFile) }
}

async function readText(client: HubClient, path: string, options: CallOptions): Promise<string> {
  await using response = await client.get(path, options)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body()) {
    length += chunk.length
    if (length > longestListing) throw badReply(`a listing is longer than ${longestListing} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

interface Sibling {
  readonly rfilename?: unknown
  readonly size?: unknown
  readonly blobId?: unknown
  readonly lfs?: { readonly sha256?: unknown; readonly size?: unknown } | null
}

function readFile(given: unknown): HubFile {
  const { rfilename: path, size, blobId, lfs } = (given ?? {}) as Sibling
  if (typeof path !== 'string' || !isInside(path)) {
    throw badReply(`it names the file ${JSON.stringify(path)}, which would lie outside its folder`, { path })
  }
  const bytes = lfs?.size ?? size
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) throw badReply(`"${path}" has no size`)
  const sha256 = lfs?.sha256
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) {
    return { path, size: bytes, checksum: { algorithm: 'sha256', value: sha256 } }
  }
  if (typeof blobId !== 'string' || !isCommit(blobId) || lfs) throw badReply(`"${path}" has no checksum`)
  return { path, size: bytes, checksum: { algorithm: 'git-sha1', value: blobId } }
}
