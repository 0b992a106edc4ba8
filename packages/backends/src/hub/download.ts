import type { Hash } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type CallOptions, PerStreamError } from '@perstream/spec'
import type { HubFile, ModelCache } from './cache'
import { addFile, startChecksum } from './checksum'
import type { HubClient, HubResponse } from './client'
import { badReply, encodePath } from './names'
import { adoptPart, newPartPath, type Part, releasePart } from './part'

/** What is to be downloaded. */
export interface DownloadTask extends CallOptions {
  readonly client: HubClient
  readonly cache: ModelCache
  readonly id: string
  readonly commit: string
  readonly file: HubFile
  /** Told how many bytes of the file are there. */
  readonly onBytes?: ((done: number) => void) | undefined
}

/**
 * Downloads a file: goes on where an earlier download ended, repeats what failed in a way that passes, checks size and
 * checksum, and only then gives the file its name.
 * @throws PerStreamError as the client does; `model-invalid` for a wrong checksum, `store-full` when the disk is
 */
export async function downloadFile(task: DownloadTask): Promise<string> {
  const { cache, commit, file } = task
  const target = join(cache.snapshot(commit), ...file.path.split('/'))
  const download = new Download(task)
  try {
    await download.receive()
    await mkdir(dirname(target), { recursive: true })
    await rename(download.path, target)
    return target
  } catch (error) {
    await download.release()
    throw isFull(error)
      ? new PerStreamError(
          'store-full',
          `The disk is full, or takes no file so large: ${target} could not be written`,
          {
            fields: { file: target },
            cause: error,
          },
        )
      : error
  }
}

/** No space, a quota, or a file system whose files end at 4 GB. */
function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(error.code))
}

class Download {
  readonly #task: DownloadTask
  #part: Part | undefined
  #hash: Hash
  /** Whether bytes of an earlier download are in it: if the checksum is wrong, they may be the reason. */
  #adopted = false

  constructor(task: DownloadTask) {
    this.#task = task
    this.#hash = startChecksum(task.file)
  }

  get path(): string {
    return this.#part!.path
  }

  async receive(): Promise<void> {
    const { client, cache, file, signal } = this.#task
    const adopted = await adoptPart(cache.parts, file.checksum.value)
    if (adopted) await this.#goOnWith(adopted)
    for (;;) {
      let before = this.#size
      const progressed = () => {
        const further = this.#size > before
        before = this.#size
        return further
      }
      await client.persist(() => this.#request(), { signal, progressed })
      const found = this.#hash.digest('hex')
      if (found === file.checksum.value) return
      const again = this.#adopted
      await this.#discard()
      if (!again) throw wrongChecksum(this.#task, found)
    }
  }

  /** Keeps what has come for the next download. */
  async release(): Promise<void> {
    const { cache } = this.#task
    if (this.#part) await releasePart(cache.parts, this.#part.path)
  }

  get #size(): number {
    return this.#part?.size ?? 0
  }

  async #goOnWith(part: Part): Promise<void> {
    const { file, signal, onBytes } = this.#task
    this.#part = part
    if (part.size > file.size) return this.#discard()
    this.#adopted = true
    await addFile(this.#hash, part.path, { signal })
    onBytes?.(part.size)
  }

  async #discard(): Promise<void> {
    if (this.#part) await rm(this.#part.path, { force: true })
    this.#part = undefined
    this.#adopted = false
    this.#hash = startChecksum(this.#task.file)
  }

  async #request(): Promise<void> {
    const { client, id, commit, file, signal } = this.#task
    if (this.#part && this.#size === file.size) return
    const range: Record<string, string> = {}
    if (this.#part) {
      range.range = `bytes=${this.#size}-`
      if (this.#part.etag !== undefined) range['if-range'] = this.#part.etag
    }
    const path = `/${encodePath(id)}/resolve/${commit}/${encodePath(file.path)}`
    await using response = await client.get(path, { signal, headers: range })
    checkHeaders(response.hubHeaders, this.#task)
    if (response.status === 416) {
      await this.#discard()
      throw new PerStreamError('service-failed', `The hub has no more of ${file.path} than is there already`)
    }
    if (response.status !== 206 || rangeStart(response.headers) !== this.#size) await this.#discard()
    if (response.status === 206 && !this.#part) {
      throw new PerStreamError('service-failed', `The hub gave another part of ${file.path} than was asked for`)
    }
    await this.#write(response)
  }

  async #write(response: HubResponse): Promise<void> {
    const { cache, file } = this.#task
    this.#part ??= await this.#begin(cache.parts, response.headers.get('etag'))
    const handle = await open(this.#part.path, 'a')
    try {
      for await (const chunk of response.body()) await this.#append(handle, chunk)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (this.#size < file.size) {
      throw new PerStreamError('service-failed', `Only ${this.#size} of the ${file.size} bytes of ${file.path} came`)
    }
  }

  async #begin(folder: string, etag: string | null): Promise<Part> {
    await mkdir(folder, { recursive: true })
    // A weak ETag does not promise the same bytes: a range cannot be asked for by it.
    const strong = etag === null || etag.startsWith('W/') ? undefined : etag
    return { path: newPartPath(folder, this.#task.file.checksum.value, strong), size: 0, etag: strong }
  }

  async #append(handle: FileHandle, chunk: Uint8Array): Promise<void> {
    const { file, onBytes, signal } = this.#task
    signal?.throwIfAborted()
    if (this.#size + chunk.length > file.size) {
      await this.#discard()
      throw badReply(`${file.path} is longer than the ${file.size} bytes that its listing says`)
    }
    await handle.writeFile(chunk)
    this.#hash.update(chunk)
    this.#part = { ...this.#part!, size: this.#size + chunk.length }
    onBytes?.(this.#size)
  }
}

/** What the hub says of a file must be what its listing said. */
function checkHeaders(headers: Headers, { commit, file }: DownloadTask): void {
  const given = headers.get('x-repo-commit')
  if (given !== null && given !== commit) throw badReply(`${file.path} is of commit ${given}, not ${commit}`)
  const linked = headers.get('x-linked-etag')?.replaceAll('"', '')
  const { algorithm, value } = file.checksum
  if (linked !== undefined && algorithm === 'sha256' && linked !== value) {
    throw badReply(`${file.path} has the checksum ${linked}, its listing says ${value}`)
  }
}

function rangeStart(headers: Headers): number | undefined {
  const match = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')
  return match ? Number(match[1]) : undefined
}

function wrongChecksum({ id, file }: DownloadTask, found: string): PerStreamError {
  const { algorithm, value } = file.checksum
  const message = `The file ${file.path} of ${id} is damaged: its ${algorithm} is ${found}, the hub says ${value}`
  return new PerStreamError('model-invalid', message, { fields: { file: file.path, expected: value, found } })
}
