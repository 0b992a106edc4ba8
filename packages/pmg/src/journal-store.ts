import {
  type CallOptions,
  type MemoryBatch,
  type MemoryOperation,
  type MemoryStore,
  PerStreamError,
  type Warning,
} from '@perstream/spec'
import type { JournalDirectory, JournalFile } from './journal-directory'
import { type JournalEnd, readRecords, wasDurable } from './journal-reader'
import { encodeRecord, longestRecord } from './journal-record'
import { LiveOperations } from './live-operations'

/** How a journal is opened. */
interface JournalStoreOptions {
  readonly mode: 'write' | 'read'
  /** Receives what went wrong without harm: a torn tail that was cut or left out. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
  /** Journal bytes beyond which, and beyond the snapshot's own size, it is compacted. Default 16 MiB. */
  readonly compactAfterBytes?: number | undefined
  /** What messages call the place. */
  readonly location: string
  /** Says whether a writer is at work, so that its unfinished last record is nothing to report. */
  readonly isWriting: () => Promise<boolean>
  /** Lets go of the place, after all files are closed. */
  readonly release: () => Promise<void>
}

const operationsPerSnapshotRecord = 256
const attempts = 8

/** Opens the journal in a directory. Format: docs/format.md. */
export async function openJournalStore(
  directory: JournalDirectory,
  options: JournalStoreOptions,
): Promise<MemoryStore> {
  const store = new JournalStore(directory, options)
  if (options.mode === 'write') await store.prepare()
  return store
}

class JournalStore implements MemoryStore {
  readonly #directory: JournalDirectory
  readonly #options: JournalStoreOptions
  #sequence = 0
  #segment: JournalFile | undefined
  #segmentSize = 0
  #journalBytes = 0
  #snapshotBytes = 0
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false
  #broken: unknown

  constructor(directory: JournalDirectory, options: JournalStoreOptions) {
    this.#directory = directory
    this.#options = options
  }

  /** Makes ready for writing: removes what a broken compaction left, cuts a torn tail, opens the last segment. */
  async prepare(): Promise<void> {
    for await (const batch of this.#batches(0)) this.#sequence = batch.sequence
    const { snapshot, segments, stale } = layout(await this.#directory.list())
    for (const name of stale) await this.#directory.remove(name)
    this.#snapshotBytes = snapshot ? await this.#sizeOf(snapshot.name) : 0
    for (const { name } of segments) this.#journalBytes += await this.#sizeOf(name)
    const last = segments.at(-1)
    const covered = last && snapshot && snapshot.sequence === this.#sequence && last.sequence <= this.#sequence
    if (!last || covered) await this.#startSegment()
    if (covered) return this.#directory.remove(last.name)
    if (last) {
      this.#segment = await this.#directory.open(last.name)
      this.#segmentSize = await this.#cutTail(this.#segment!, last.name)
    }
  }

  async commit(batch: MemoryBatch, { signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    this.#check()
    if (this.#options.mode === 'read')
      throw new PerStreamError(
        'store-read-only',
        `${this.#options.location} is open for reading: open it with mode "write"`,
      )
    const turn = this.#turn.then(() => this.#append(batch))
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    )
    return turn
  }

  async *load(after = 0, { signal }: CallOptions = {}): AsyncGenerator<MemoryBatch, void, void> {
    this.#check()
    for await (const batch of this.#batches(after, signal)) {
      yield batch
      this.#check()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turn
    await this.#segment?.close()
    await this.#options.release()
  }

  async *#batches(after: number, signal?: AbortSignal): AsyncGenerator<MemoryBatch, void, void> {
    let sequence = after
    for (let attempt = 1; ; attempt++) {
      const pass = this.#loadFiles(layout(await this.#directory.list()), sequence, attempt === attempts, signal)
      let step = await pass.next()
      for (; !step.done; step = await pass.next()) {
        sequence = step.value.sequence
        yield step.value
      }
      if (step.value === 'complete') return
      await new Promise((resolve) => setTimeout(resolve, attempt * 5))
    }
  }

  #check(): void {
    if (this.#closed) throw new PerStreamError('store-closed', `${this.#options.location} is closed: open it again`)
    if (this.#broken)
      throw new PerStreamError('store-closed', `writing to ${this.#options.location} failed: open it again`, {
        cause: this.#broken,
      })
  }

  async #append(batch: MemoryBatch): Promise<void> {
    this.#check()
    if (batch.sequence !== this.#sequence + 1)
      throw new TypeError(
        `batch.sequence is ${batch.sequence}: it must be ${this.#sequence + 1}, one more than the last`,
      )
    const bytes = encodeRecord(batch, this.#sequence)
    if (bytes.length > longestRecord)
      throw new TypeError(`the batch takes ${bytes.length} bytes: at most ${longestRecord} fit, write fewer at once`)
    await this.#write(bytes)
    this.#sequence = batch.sequence
    this.#segmentSize += bytes.length
    this.#journalBytes += bytes.length
    const erases = batch.operations.some((operation) => operation.type === 'memory-delete')
    const { compactAfterBytes = 1 << 24 } = this.#options
    if (erases) await this.#compact()
    else if (this.#journalBytes > compactAfterBytes && this.#journalBytes > this.#snapshotBytes) await this.#tidy()
  }

  /** A write that failed half-way (a full disk) is cut off again, so that the next finds the journal whole. */
  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#segment!.append(bytes)
      await this.#segment!.sync()
    } catch (error) {
      try {
        await this.#segment!.truncate(this.#segmentSize)
      } catch {
        this.#broken = error
      }
      throw error
    }
  }

  /** Compacts for size alone. The batch is durable whether or not it succeeds. */
  async #tidy(): Promise<void> {
    try {
      await this.#compact()
    } catch (error) {
      this.#options.onWarning?.({
        code: 'compaction-failed',
        message: `${this.#options.location} could not be compacted and keeps growing: ${error instanceof Error ? error.message : error}`,
      })
    }
  }

  /** Writes what still counts as a snapshot, then removes all that came before: what was deleted is in no file any more. */
  async #compact(): Promise<void> {
    const live = new LiveOperations()
    for await (const { operations } of this.#batches(0)) for (const operation of operations) live.apply(operation)
    const before = layout(await this.#directory.list())
    const name = snapshotName(this.#sequence)
    await this.#directory.replace(name, encodeSnapshot(live.list(), this.#sequence))
    const full = this.#segment!
    await this.#startSegment()
    await full.close()
    for (const old of [...before.segments, ...(before.snapshot ? [before.snapshot] : [])])
      if (old.name !== name) await this.#directory.remove(old.name)
    this.#snapshotBytes = await this.#sizeOf(name)
    this.#journalBytes = 0
  }

  async #startSegment(): Promise<void> {
    this.#segment = await this.#directory.create(segmentName(this.#sequence + 1))
    this.#segmentSize = 0
  }

  async #cutTail(file: JournalFile, name: string): Promise<number> {
    const end = await drain(readRecords(file))
    if (end.rest === 0) return end.offset
    await file.truncate(end.offset)
    this.#warn('journal-tail-cut', `${end.rest} bytes of a write that was never acknowledged were cut off`, name, end)
    return end.offset
  }

  /** Yields what comes after a sequence; returns 'changed' when the writer compacted meanwhile and the files must be listed again. */
  async *#loadFiles(
    { snapshot, segments }: Layout,
    after: number,
    last: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<MemoryBatch, 'complete' | 'changed', void> {
    let sequence = after
    if (snapshot && snapshot.sequence > after) {
      const whole = yield* this.#loadSnapshot(snapshot.name, last, signal)
      if (!whole) return 'changed'
      sequence = snapshot.sequence
    }
    for (const [i, segment] of segments.entries()) {
      const next = segments[i + 1]
      if (next && next.sequence <= sequence + 1) continue
      const file = await this.#directory.open(segment.name)
      if (!file) return this.#gone(segment.name, last)
      try {
        const records = readRecords(file, { signal })
        let step = await records.next()
        for (; !step.done; step = await records.next()) {
          const { batch } = step.value
          if (batch.sequence <= sequence) continue
          if (batch.sequence !== sequence + 1) return this.#gap(segment.name, sequence, batch.sequence, last)
          sequence = batch.sequence
          yield batch
        }
        await this.#checkEnd(file, segment.name, step.value, { sequence: sequence + 1, isLast: !next })
      } finally {
        await file.close()
      }
    }
    return 'complete'
  }

  async *#loadSnapshot(
    name: string,
    last: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<MemoryBatch, boolean, void> {
    const file = await this.#directory.open(name)
    if (!file) return this.#gone(name, last) === undefined
    try {
      const records = readRecords(file, { signal })
      let step = await records.next()
      for (; !step.done; step = await records.next()) yield step.value.batch
      if (step.value.rest > 0) throw this.#damaged(name, step.value.offset)
      return true
    } finally {
      await file.close()
    }
  }

  /** A bad end is a torn write only in the last segment, and only when nothing proves it had been acknowledged. */
  async #checkEnd(
    file: JournalFile,
    name: string,
    end: JournalEnd,
    { sequence, isLast }: { sequence: number; isLast: boolean },
  ): Promise<void> {
    if (end.rest === 0) return
    if (!isLast || (await wasDurable(file, end, sequence))) throw this.#damaged(name, end.offset)
    if (this.#options.mode === 'read' && !(await this.#options.isWriting()))
      this.#warn(
        'journal-tail-ignored',
        `${end.rest} bytes of a write that was never acknowledged are left out`,
        name,
        end,
      )
  }

  #gone(name: string, last: boolean): 'changed' {
    if (last)
      throw new PerStreamError('store-corrupt', `${this.#options.location}: ${name} disappears while it is read`)
    return 'changed'
  }

  #gap(name: string, from: number, to: number, last: boolean): 'changed' {
    if (last || this.#options.mode === 'write')
      throw new PerStreamError('store-corrupt', `${this.#options.location}: ${name} goes on with ${to} after ${from}`, {
        fields: { file: name, from, to },
      })
    return 'changed'
  }

  #damaged(name: string, offset: number): PerStreamError {
    return new PerStreamError(
      'store-corrupt',
      `${this.#options.location}: ${name} is damaged at byte ${offset}: restore it from a backup`,
      { fields: { file: name, offset } },
    )
  }

  #warn(code: string, message: string, file: string, { offset, rest }: JournalEnd): void {
    this.#options.onWarning?.({
      code,
      message: `${this.#options.location}: ${message}`,
      fields: { file, offset, bytes: rest },
    })
  }

  async #sizeOf(name: string): Promise<number> {
    const file = await this.#directory.open(name)
    const size = (await file?.size()) ?? 0
    await file?.close()
    return size
  }
}

interface NumberedFile {
  readonly name: string
  readonly sequence: number
}

interface Layout {
  readonly snapshot: NumberedFile | undefined
  /** In order; those that the snapshot covers are left out. */
  readonly segments: readonly NumberedFile[]
  /** What a broken compaction left behind. */
  readonly stale: readonly string[]
}

function layout(names: readonly string[]): Layout {
  const snapshots = numbered(names, 'snapshot')
  const snapshot = snapshots.at(-1)
  const all = numbered(names, 'journal')
  const covered = (i: number) =>
    snapshot !== undefined && (all[i + 1]?.sequence ?? Number.POSITIVE_INFINITY) <= snapshot.sequence + 1
  return {
    snapshot,
    segments: all.filter((_, i) => !covered(i)),
    stale: [
      ...snapshots.slice(0, -1).map(({ name }) => name),
      ...all.filter((_, i) => covered(i)).map(({ name }) => name),
      ...names.filter((name) => name.endsWith('.tmp')),
    ],
  }
}

function numbered(names: readonly string[], kind: 'snapshot' | 'journal'): NumberedFile[] {
  return names
    .filter((name) => new RegExp(`^${kind}-\\d{16}\\.pmg$`).test(name))
    .sort()
    .map((name) => ({ name, sequence: Number(name.slice(kind.length + 1, -4)) }))
}

function segmentName(first: number): string {
  return `journal-${String(first).padStart(16, '0')}.pmg`
}

function snapshotName(last: number): string {
  return `snapshot-${String(last).padStart(16, '0')}.pmg`
}

function* encodeSnapshot(operations: readonly MemoryOperation[], sequence: number): Generator<Uint8Array, void, void> {
  const all: MemoryOperation[] = [{ type: 'reset' }, ...operations]
  for (let i = 0; i < all.length; i += operationsPerSnapshotRecord)
    yield encodeRecord({ sequence, at: 0, operations: all.slice(i, i + operationsPerSnapshotRecord) }, sequence)
}

async function drain<Value, Result>(values: AsyncGenerator<Value, Result, void>): Promise<Result> {
  for (;;) {
    const step = await values.next()
    if (step.done) return step.value
  }
}
