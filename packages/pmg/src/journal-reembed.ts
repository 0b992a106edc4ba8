import { encodeAll } from '@perstream/kit'
import type { CallOptions, MemoryOperation, Progress, TextEncoder, Warning } from '@perstream/spec'
import type { JournalDirectory } from './journal-directory'
import { putTypes } from './journal-keys'
import {
  encodeManifest,
  type Manifest,
  manifestName,
  readManifest,
  type StorePart,
  storeFileName,
} from './journal-manifest'
import { mergeParts } from './journal-merge'
import { openForWriting, removeStale } from './journal-opening'
import { PartWriter } from './journal-parts'
import { readBatches } from './journal-reader'
import { checksumOf, damaged, deflationOf, openView, readPart } from './journal-view'
import { checkedVector } from './memory-input'

/** A space of embeddings. */
export interface EmbeddingSpace {
  readonly id: string
  readonly dimensions: number
}

/** How a store is brought to another embedding space. */
export interface ReembedOptions extends CallOptions {
  /** What encodes the words anew: the memories are in its space then. Whoever made it closes it. */
  readonly text: TextEncoder
  /** Counts memories. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** Receives `journal-tail-cut`, and of folders `lock-taken-over`. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
}

/** What {@link reembedJournal} did. */
export interface ReembedReport {
  /** False when there was nothing to do: the memories are of that space already, or none has an embedding. */
  readonly changed: boolean
  /** Absent: there are no embeddings. */
  readonly before: EmbeddingSpace | undefined
  readonly after: EmbeddingSpace
  /** Memories whose words were encoded anew. */
  readonly encoded: number
  /** Memories that had no embedding, and have none. */
  readonly without: number
  /** Memories whose embedding is gone: their words were forgotten, or mean nothing to the encoder. */
  readonly lost: number
}

type Put = Parameters<PartWriter['add']>[0]
type MemoryPut = Extract<MemoryOperation, { type: 'memory-put' }>

interface Place {
  readonly directory: JournalDirectory
  readonly location: string
}

/** Memories that are encoded together: enough to find others of similar length. */
const memoriesAtOnce = 256

/**
 * Encodes the words of all memories anew, for another text encoder. All else stays as it is: ids, evidence, versions, visits, relations,
 * how exactly each embedding is kept, and which memories have none. The new state is written beside the old one, and one file that is
 * replaced puts it in place: until then, whatever happens, the old one is there, whole. It takes the room of the store once more, and
 * keeps some hundred memories in memory. No writer may be at work; who reads takes in the new state with the next refresh, whole.
 *
 * @throws PerStreamError `store-corrupt`, `store-version`; `input-invalid` when the directory holds no store; whatever the encoder throws
 */
export async function reembedJournal(
  directory: JournalDirectory,
  { location = 'the store', ...options }: ReembedOptions & { readonly location?: string | undefined },
): Promise<ReembedReport> {
  options.signal?.throwIfAborted()
  checkEncoder(options.text)
  const place = { directory, location }
  const { manifest, journal, journalSize, sequence } = await openForWriting(directory, {
    ...place,
    checksum: checksumOf(directory),
    onWarning: options.onWarning,
  })
  const opened = { manifest, journalSize, sequence }
  try {
    return await new Reembedding(place, options).run({ ...opened, journal })
  } finally {
    await journal.close()
  }
}

type Opened = Pick<Awaited<ReturnType<typeof openForWriting>>, 'manifest' | 'journal' | 'journalSize' | 'sequence'>

class Reembedding {
  readonly #place: Place
  readonly #options: ReembedOptions
  readonly #codec
  /** The number of the next file. */
  #number = 0
  #waiting: MemoryPut[] = []
  readonly #count = { encoded: 0, without: 0, lost: 0, done: 0, total: 0 }

  constructor(place: Place, options: ReembedOptions) {
    this.#place = place
    this.#options = options
    this.#codec = { checksum: checksumOf(place.directory), deflation: deflationOf(place.directory) }
  }

  async run(opened: Opened): Promise<ReembedReport> {
    const { state } = opened.manifest
    const { text } = this.#options
    this.#number = state.next
    let placed = false
    try {
      const parts = await this.#mergedParts(opened)
      const before = await this.#spaceOf(parts)
      const after = { id: text.space, dimensions: text.dimensions }
      if (!before || (before.id === after.id && before.dimensions === after.dimensions))
        return { changed: false, before, after, encoded: 0, without: 0, lost: 0 }
      const manifest = await this.#writeState(parts, opened, after)
      placed = true
      await removeStale(this.#place.directory, manifest)
      const { encoded, without, lost } = this.#count
      return { changed: true, before, after, encoded, without, lost }
    } finally {
      if (!placed) await this.#discard(opened.manifest)
    }
  }

  /** The parts with what the journal holds; those of a merge are new files, which the state of the store does not name. */
  async #mergedParts({ manifest, journal, journalSize }: Opened): Promise<readonly StorePart[]> {
    const { directory, location } = this.#place
    if (journalSize === 0) return manifest.state.parts
    const options = { checksum: this.#codec.checksum, previous: manifest.crc, end: journalSize }
    const batches = []
    const records = readBatches(journal, options)
    let step = await records.next()
    for (; !step.done; step = await records.next()) batches.push(step.value.batch)
    if (step.value.offset !== journalSize) throw damaged(location, manifest.state.journal, step.value.offset)
    await using view = await openView(directory, location)
    return mergeParts(
      { state: manifest.state, parts: view.parts },
      { directory, location, ...this.#codec, batches, hashes: new Map(), nextNumber: () => this.#number++ },
    )
  }

  async #spaceOf(parts: readonly StorePart[]): Promise<EmbeddingSpace | undefined> {
    for (const part of parts)
      if (part.type === 'space')
        for await (const operation of this.#operations(part))
          if (operation.type === 'space') return { id: operation.id, dimensions: operation.dimensions }
    return undefined
  }

  /** Writes all files of the new state, then the one that names them. */
  async #writeState(parts: readonly StorePart[], { manifest, sequence }: Opened, space: EmbeddingSpace) {
    const { directory } = this.#place
    const memories = parts.filter(({ type }) => type === 'memory-put')
    this.#count.total = memories.reduce((sum, { operations }) => sum + operations, 0)
    const spaceWriter = this.#writer('space', sequence + 1)
    await spaceWriter.add({ type: 'space', ...space })
    const written = new Map([
      ['space', await spaceWriter.finish()],
      ['memory-put', await this.#writeMemories(memories, sequence + 1)],
    ])
    const all = putTypes.flatMap((type) => written.get(type) ?? parts.filter((part) => part.type === type))
    const journal = storeFileName('journal', this.#number++)
    await directory.write(journal, [])
    await directory.sync()
    const at = Math.max(Date.now(), manifest.state.at)
    const next = encodeManifest({ sequence: sequence + 1, at, next: this.#number, journal, parts: all })
    this.#options.signal?.throwIfAborted()
    await directory.replace(manifestName, [next.bytes])
    return next.manifest
  }

  async #writeMemories(parts: readonly StorePart[], sequence: number): Promise<readonly StorePart[]> {
    const writer = this.#writer('memory-put', sequence)
    try {
      for (const part of parts)
        for await (const operation of this.#operations(part)) {
          if (operation.type === 'memory-put') this.#waiting.push(operation)
          if (this.#waiting.length === memoriesAtOnce) await this.#encode(writer)
        }
      await this.#encode(writer)
      return await writer.finish()
    } finally {
      await writer.settled()
    }
  }

  /** Encodes the memories that wait, and hands them on in their order. */
  async #encode(writer: PartWriter): Promise<void> {
    const { text, signal, onProgress } = this.#options
    const puts = this.#waiting
    this.#waiting = []
    const told = puts.filter(({ memory, embedding }) => embedding && memory.forgottenAt === undefined)
    const texts = told.map(({ memory }) => memory.text)
    const vectors = texts.length > 0 ? await encodeAll(text, texts, { signal }) : []
    const made = new Map(told.map((put, i) => [put, vectors[i]!]))
    for (const put of puts) await writer.add(this.#moved(put, made.get(put)))
    this.#count.done += puts.length
    onProgress?.({ stage: 'encoding memories', done: this.#count.done, total: this.#count.total })
  }

  #moved(put: MemoryPut, vector: Float32Array | undefined): MemoryPut {
    if (!put.embedding) {
      this.#count.without++
      return put
    }
    const { space, dimensions } = this.#options.text
    if (vector?.some((value) => value !== 0)) {
      this.#count.encoded++
      const field = `the encoder's vector of memory "${put.memory.id}"`
      if (vector.length !== dimensions)
        throw new TypeError(`${field} has ${vector.length} elements: the encoder's dimensions are ${dimensions}`)
      return { ...put, memory: { ...put.memory, space }, embedding: checkedVector(vector, field) }
    }
    this.#count.lost++
    const { embedding: _, ...rest } = put
    const { embeddingPrecision: __, ...memory } = put.memory
    return { ...rest, memory: { ...memory, space: undefined } }
  }

  #writer(type: Put['type'], sequence: number): PartWriter {
    const { directory } = this.#place
    const nextNumber = () => this.#number++
    const target = partTarget
    return new PartWriter({ directory, ...this.#codec, type, target, sequence, hashes: new Map(), nextNumber })
  }

  async *#operations(part: StorePart): AsyncGenerator<MemoryOperation, void, void> {
    const { directory, location } = this.#place
    const file = await directory.open(part.file)
    if (!file) throw damaged(location, part.file, 0)
    try {
      for await (const { decode } of readPart({ part, file }, { ...this.#codec, location })) {
        this.#options.signal?.throwIfAborted()
        yield* decode().batch.operations
      }
    } finally {
      await file.close()
    }
  }

  /** Removes what was written for a state that did not come about; what cannot be removed now is by who opens the store to write. */
  async #discard(before: Manifest): Promise<void> {
    const { directory, location } = this.#place
    const found = await readManifest(directory, location).catch(() => undefined)
    if (found?.crc !== before.crc) return
    for (let number = before.state.next; number < this.#number; number++)
      for (const kind of ['part', 'journal'] as const)
        await directory.remove(storeFileName(kind, number)).catch(() => undefined)
  }
}

/** Bytes of a part, about; the next merge of the store makes them what suits its size. */
const partTarget = 1 << 21

function checkEncoder(text: TextEncoder | undefined): void {
  if (typeof text?.encode !== 'function' || typeof text.space !== 'string')
    throw new TypeError('text is missing: give the encoder that the memories are to be encoded by')
}
