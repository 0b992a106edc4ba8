import { type CallOptions, type MemoryBatch, PerStreamError, type Warning } from '@perstream/spec'
import type { Deflation } from './deflation'
import { roundedBatch } from './embedding-codec'
import { writeIndexFile } from './index-file'
import { backUp } from './journal-backup'
import { countReductions, isMergeDue, type Waste } from './journal-compaction'
import type { JournalDirectory } from './journal-directory'
import { refusalOf } from './journal-keys'
import { loadView } from './journal-loading'
import { encodeManifest, manifestName, readManifest, type StoreState, storeFileName } from './journal-manifest'
import { mergeParts } from './journal-merge'
import { notStore, openForWriting, removeStale, type WritableStore } from './journal-opening'
import { readBatches } from './journal-reader'
import { type Checksum, encodeRecord, longestRecord, sealRecord } from './journal-record'
import type { StoreReport } from './journal-verify'
import { checksumOf, damaged, deflationOf, type JournalView, openView } from './journal-view'
import type { IndexedStore, KeptIndex } from './kept-index'
import { openKeptIndex } from './open-kept-index'

/** How a journal is opened. */
export interface JournalStoreOptions {
  /** 'write' makes the store where it is not there; only one writer may be at work at a time, which is the caller's to see to. */
  readonly mode: 'write' | 'read'
  /**
   * Receives what went wrong without harm: `journal-tail-cut`, `journal-tail-ignored`, `compaction-failed`, `index-ignored`,
   * `index-not-kept`.
   */
  readonly onWarning?: ((warning: Warning) => void) | undefined
  /**
   * Bytes of journal beyond which it is merged into the parts. Default: 16 MiB, or half of the bytes of the parts where that is less (but
   * 1 MiB at least); what was reduced and still lies in the parts counts with the journal.
   */
  readonly compactAfterBytes?: number | undefined
  /** What messages call the place. */
  readonly location: string
  /** Says whether a writer is at work, so that its unfinished last record is nothing to report. Default: none is. */
  readonly isWriting?: (() => Promise<boolean>) | undefined
  /** Lets go of the place, after all files are closed. */
  readonly release?: (() => Promise<void>) | undefined
}

/** A memory store in a {@link JournalDirectory}. */
export interface JournalStore extends IndexedStore {
  /**
   * Copies the store as it is now into an empty directory while it goes on being written to, and checks the copy.
   * @throws PerStreamError `input-invalid` when the directory is not empty, `store-corrupt` when something in the store is damaged
   */
  backup(target: JournalDirectory, options?: CallOptions): Promise<StoreReport>
}

interface Waiting {
  readonly batch: MemoryBatch
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

interface Keeping extends CallOptions {
  readonly sections: ReadonlyMap<string, Uint8Array>
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

const nothing: Waste = { journalSize: 0, reduced: 0 }
const attempts = 8

/**
 * Opens the store in a directory. Format: docs/format.md.
 * @throws PerStreamError `store-corrupt`, `store-version`, `input-invalid` when the directory holds something else, or no store to read
 */
export async function openJournalStore(
  directory: JournalDirectory,
  options: JournalStoreOptions,
): Promise<JournalStore> {
  const checksum = checksumOf(directory)
  if (options.mode === 'write')
    return new DirectoryStore(directory, options, await openForWriting(directory, { ...options, checksum }))
  if (!(await readManifest(directory, options.location))) throw notStore(options.location, 'there is none')
  return new DirectoryStore(directory, options)
}

class DirectoryStore implements JournalStore {
  readonly #directory: JournalDirectory
  readonly #options: JournalStoreOptions
  readonly #codec: { readonly checksum: Checksum; readonly deflation: Deflation }
  readonly #hashes = new Map<string, Uint32Array>()
  /** Absent when it is open for reading. */
  #writable: WritableStore | undefined
  /** What there was when the journal could not be merged: that is not tried again at once. */
  #tried: Waste = nothing
  #waiting: Waiting[] = []
  /** Batches that were handed in and are neither acknowledged nor refused. */
  #unsettled = 0
  /** Each came when nothing waited, so that it goes before what waits. */
  readonly #keeping: Keeping[] = []
  #working: Promise<void> | undefined
  #closed = false
  #broken: unknown

  constructor(directory: JournalDirectory, options: JournalStoreOptions, writable?: WritableStore) {
    this.#directory = directory
    this.#options = options
    this.#codec = { checksum: checksumOf(directory), deflation: deflationOf(directory) }
    this.#writable = writable
  }

  async commit(batch: MemoryBatch, { signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    this.#checkWritable()
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ batch: roundedBatch(batch), resolve, reject })
    })
    this.#unsettled++
    this.#working ??= this.#work()
    try {
      await done
    } finally {
      this.#unsettled--
    }
  }

  async readIndex({ signal }: CallOptions = {}): Promise<KeptIndex | undefined> {
    this.#check()
    const { location, onWarning } = this.#options
    const hashes = this.#writable && this.#hashes
    const check = () => this.#check()
    return openKeptIndex(this.#directory, { ...this.#codec, location, onWarning, hashes, check, signal })
  }

  async writeIndex(sections: ReadonlyMap<string, Uint8Array>, { signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    this.#checkWritable()
    for (const [name, bytes] of sections)
      if (!(bytes instanceof Uint8Array))
        throw new TypeError(`sections: "${name}" is ${bytes}: it must be a Uint8Array`)
    if (this.#unsettled > 0)
      throw new TypeError(`${this.#unsettled} batches are not acknowledged yet: wait for commit before writeIndex`)
    const done = new Promise<void>((resolve, reject) => {
      this.#keeping.push({ sections, signal, resolve, reject })
    })
    this.#working ??= this.#work()
    return done
  }

  async *load(after = 0, { signal }: CallOptions = {}): AsyncGenerator<MemoryBatch, void, void> {
    this.#check()
    let from = after
    for (let attempt = 1; ; attempt++) {
      const view = await openView(this.#directory, this.#options.location)
      try {
        for await (const batch of loadView(view, from, this.#loadOptions(signal))) {
          yield batch
          this.#check()
          if (batch.sequence > view.manifest.state.sequence) from = batch.sequence
        }
        return
      } catch (error) {
        if (this.#closed || signal?.aborted || attempt === attempts || !(await this.#hasChanged(view))) throw error
      } finally {
        await view[Symbol.asyncDispose]()
      }
    }
  }

  async backup(target: JournalDirectory, { signal }: CallOptions = {}): Promise<StoreReport> {
    this.#check()
    return backUp(this.#directory, target, { location: this.#options.location, signal })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#working
    await this.#writable?.journal.close()
    await this.#options.release?.()
  }

  #loadOptions(signal: AbortSignal | undefined) {
    const { location, onWarning, isWriting } = this.#options
    const reportsTail = async () => !this.#writable && !(await isWriting?.())
    const hashes = this.#writable && this.#hashes
    return { ...this.#codec, location, onWarning, signal, reportsTail, hashes }
  }

  /** Where removed files cannot be read any more, a writer may have taken some away from a reader, who then begins again. */
  async #hasChanged({ manifest }: JournalView): Promise<boolean> {
    return (await readManifest(this.#directory, this.#options.location))?.crc !== manifest.crc
  }

  #check(): void {
    if (this.#closed) throw new PerStreamError('store-closed', `${this.#options.location} is closed: open it again`)
    this.#checkWhole()
  }

  #checkWritable(): void {
    this.#check()
    if (!this.#writable)
      throw new PerStreamError(
        'store-read-only',
        `${this.#options.location} is open for reading: open it with mode "write"`,
      )
  }

  #checkWhole(): void {
    if (this.#broken)
      throw new PerStreamError('store-closed', `writing to ${this.#options.location} failed: open it again`, {
        cause: this.#broken,
      })
  }

  /** Takes what waits, again and again. */
  async #work(): Promise<void> {
    await Promise.resolve()
    while (this.#waiting.length + this.#keeping.length > 0) {
      const keeping = this.#keeping.shift()
      if (keeping) await this.#keep(keeping)
      else await this.#write(this.#take())
    }
    this.#working = undefined
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const batches = group.map(({ batch }) => batch)
    try {
      this.#checkWhole()
      if (batches.some(erases)) await this.#merge(batches)
      else if (batches.length > 0) await this.#append(batches)
      for (const { resolve } of group) resolve()
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
    await this.#tidy()
  }

  /** A store without an index opens more slowly, and that is all: what goes wrong is a warning. */
  async #keep({ sections, signal, resolve, reject }: Keeping): Promise<void> {
    try {
      signal?.throwIfAborted()
      this.#checkWhole()
      if (this.#writable!.journalSize > 0) await this.#merge([])
      signal?.throwIfAborted()
      const manifestCrc = this.#writable!.manifest.crc
      await writeIndexFile(this.#directory, sections, { manifestCrc, checksum: this.#codec.checksum })
      resolve()
    } catch (error) {
      if (signal?.aborted) return reject(signal.reason)
      const { location, onWarning } = this.#options
      const reason = error instanceof Error ? error.message : error
      onWarning?.({ code: 'index-not-kept', message: `${location} has no index, and opens more slowly: ${reason}` })
      resolve()
    }
  }

  /** Takes all that waits up to the first that deletes; from there on all. What is out of sequence, or makes no sense, is refused. */
  #take(): Waiting[] {
    const erasing = this.#waiting.findIndex(({ batch }) => erases(batch))
    const group: Waiting[] = []
    for (const each of this.#waiting.splice(0, erasing > 0 ? erasing : this.#waiting.length)) {
      const expected = this.#writable!.sequence + group.length + 1
      const refusal = refusalOf(each.batch, expected)
      if (refusal) each.reject(refusal)
      else group.push(each)
    }
    return group
  }

  /** One write and one sync for all batches. A write that failed half-way (a full disk) is cut off again. */
  async #append(batches: readonly MemoryBatch[]): Promise<void> {
    const { journal, journalSize, sequence: durable, ...rest } = this.#writable!
    let { crc } = rest
    const records = batches.map((batch) => {
      const record = encodeRecord(batch, durable)
      if (record.length > longestRecord)
        throw new TypeError(`a batch takes ${record.length} bytes: at most ${longestRecord} fit, write fewer at once`)
      crc = sealRecord(record, crc, this.#codec.checksum)
      return record
    })
    const bytes = records.length === 1 ? records[0]! : concat(records)
    try {
      await journal.append(bytes)
      await journal.sync()
    } catch (error) {
      await journal.truncate(journalSize).catch(() => {
        this.#broken = error
      })
      throw error
    }
    const sequence = batches.at(-1)!.sequence
    const reduced = batches.reduce((sum, { operations }) => sum + countReductions(operations), this.#writable!.reduced)
    this.#writable = { ...this.#writable!, journalSize: journalSize + bytes.length, reduced, sequence, crc }
  }

  /** Merges for size alone. What was acknowledged is durable whether or not it succeeds. */
  async #tidy(): Promise<void> {
    const { compactAfterBytes, location, onWarning } = this.#options
    const { manifest, journalSize, reduced } = this.#writable!
    const waste = { journalSize: journalSize - this.#tried.journalSize, reduced: reduced - this.#tried.reduced }
    if (this.#broken || !isMergeDue(manifest.state, waste, compactAfterBytes)) return
    try {
      await this.#merge([])
    } catch (error) {
      this.#tried = { journalSize, reduced }
      onWarning?.({
        code: 'compaction-failed',
        message: `${location} could not be compacted and keeps growing: ${error instanceof Error ? error.message : error}`,
      })
    }
  }

  /**
   * Writes journal and batches into parts, begins a new journal, and puts both in place by the manifest: that moment commits the
   * batches. Then removes what came before: what was deleted is in no file any more.
   */
  async #merge(batches: readonly MemoryBatch[]): Promise<void> {
    const before = this.#writable!.manifest.state
    const { state, bytes, manifest } = await this.#mergedState(batches)
    try {
      await this.#directory.replace(manifestName, [bytes])
      const journal = await this.#directory.open(state.journal)
      if (!journal) throw damaged(this.#options.location, state.journal, 0)
      await this.#writable!.journal.close()
      this.#writable = { manifest, journal, ...nothing, crc: manifest.crc, sequence: state.sequence }
      this.#tried = nothing
      await removeStale(this.#directory, manifest)
      for (const file of this.#hashes.keys())
        if (!state.parts.some((part) => part.file === file)) this.#hashes.delete(file)
    } catch (error) {
      await this.#backOut(before, state, error)
      throw error
    }
  }

  /** Writes the files of the next state. When that fails, they are gone again. */
  async #mergedState(batches: readonly MemoryBatch[]) {
    const { location } = this.#options
    const view = await openView(this.#directory, location)
    const { next } = view.manifest.state
    let number = next
    try {
      const all = [...(await this.#journalBatches()), ...batches]
      const merged = await mergeParts(
        { state: view.manifest.state, parts: view.parts },
        {
          ...this.#codec,
          ...{ directory: this.#directory, location, hashes: this.#hashes, batches: all },
          nextNumber: () => number++,
        },
      )
      const journal = storeFileName('journal', number++)
      await this.#directory.write(journal, [])
      await this.#directory.sync()
      const last = all.at(-1) ?? view.manifest.state
      const state = { sequence: last.sequence, at: last.at, next: number, journal, parts: merged }
      return { state, ...encodeManifest(state) }
    } catch (error) {
      await this.#discard(next, number)
      throw error
    } finally {
      await view[Symbol.asyncDispose]()
    }
  }

  async #journalBatches(): Promise<MemoryBatch[]> {
    const { journal, journalSize, manifest } = this.#writable!
    const options = { checksum: this.#codec.checksum, previous: manifest.crc, end: journalSize }
    const found: MemoryBatch[] = []
    const records = readBatches(journal, options)
    let step = await records.next()
    for (; !step.done; step = await records.next()) found.push(step.value.batch)
    if (step.value.offset !== journalSize)
      throw damaged(this.#options.location, manifest.state.journal, step.value.offset)
    return found
  }

  /** The old state still holds when its manifest does; else nobody knows what the disk has, and the store must be opened again. */
  async #backOut(before: StoreState, state: StoreState, error: unknown): Promise<void> {
    const found = await readManifest(this.#directory, this.#options.location).catch(() => undefined)
    if (found?.state.next !== before.next) this.#broken = error
    else await this.#discard(before.next, state.next)
  }

  /** Removes the files of a state that did not come about; what cannot be removed now is after the next merge. */
  async #discard(from: number, to: number): Promise<void> {
    for (let number = from; number < to; number++)
      for (const kind of ['part', 'journal'] as const) {
        const name = storeFileName(kind, number)
        this.#hashes.delete(name)
        await this.#directory.remove(name).catch(() => undefined)
      }
  }
}

function erases({ operations }: MemoryBatch): boolean {
  return operations.some(({ type }) => type === 'memory-delete')
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}
