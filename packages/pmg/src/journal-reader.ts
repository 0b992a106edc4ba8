import type { CallOptions } from '@perstream/spec'
import type { JournalFile } from './journal-directory'
import {
  type Checksum,
  decodeRecord,
  headerLength,
  type JournalRecord,
  recordHead,
  recordLength,
  wholeRecord,
} from './journal-record'

const windowLength = 1 << 22

/** Where reading a file came to an end. */
export interface JournalEnd {
  /** Bytes of whole records, from the start of the file. */
  readonly offset: number
  /** Bytes after them: none when the file ends with a whole record. */
  readonly rest: number
  /** The checksum of the last whole record, or what the first should follow. */
  readonly crc: number
}

interface ReadOptions extends CallOptions {
  readonly checksum: Checksum
  /** The checksum that the first record follows. */
  readonly previous: number
  /** Bytes to stop at. Default: the end of the file. */
  readonly end?: number | undefined
}

/**
 * Yields the bytes of the records of a file, up to its end or to the first that is torn, damaged or follows another one; returns where
 * that was. Reads a window of 4 MiB (or one record, when that is longer) at a time.
 */
export async function* readRecords(
  file: JournalFile,
  { checksum, previous, signal, end = Number.POSITIVE_INFINITY }: ReadOptions,
): AsyncGenerator<Uint8Array, JournalEnd, void> {
  const size = Math.min(end, await file.size())
  const read = (from: number, length: number) => file.read(from, Math.min(length, size - from))
  let offset = 0
  let crc = previous
  let window: Uint8Array = new Uint8Array(0)
  for (;;) {
    signal?.throwIfAborted()
    if (window.length < headerLength && offset < size) window = await read(offset, windowLength)
    const needed = recordLength(window)
    if (needed !== undefined && needed > window.length && offset + needed <= size)
      window = await read(offset, Math.max(needed, windowLength))
    const record = wholeRecord(window, checksum)
    if (!record || recordHead(record).previous !== crc) return { offset, rest: Math.max(0, size - offset), crc }
    yield record
    crc = recordHead(record).crc
    offset += record.length
    window = window.subarray(record.length)
  }
}

/** Yields what {@link readRecords} does, decoded; a record that makes no sense ends it. */
export async function* readBatches(
  file: JournalFile,
  options: ReadOptions,
): AsyncGenerator<JournalRecord, JournalEnd, void> {
  const records = readRecords(file, options)
  let offset = 0
  let crc = options.previous
  for (let step = await records.next(); ; step = await records.next()) {
    if (step.done) return step.value
    const record = decodeRecord(step.value)
    if (!record) return { offset, rest: Math.min(options.end ?? Infinity, await file.size()) - offset, crc }
    yield record
    offset += record.byteLength
    crc = record.crc
  }
}

/** Runs through an async generator for what it returns. */
export async function drain<Result>(values: AsyncGenerator<unknown, Result, void>): Promise<Result> {
  for (;;) {
    const step = await values.next()
    if (step.done) return step.value
  }
}

/**
 * Finds, in what follows a damaged record, one that proves that the damaged one had been durable: then it was not torn by a crash
 * while it was written, and something else damaged the file.
 */
export async function wasDurable(
  file: JournalFile,
  end: JournalEnd,
  sequence: number,
  checksum: Checksum,
): Promise<boolean> {
  for (const record of findRecords(await file.read(end.offset, end.rest), checksum, 1))
    if (recordHead(record.bytes).durable >= sequence) return true
  return false
}

/** Finds whole records anywhere in bytes, wherever they begin. */
export function* findRecords(
  bytes: Uint8Array,
  checksum: Checksum,
  from = 0,
): Generator<{ offset: number; bytes: Uint8Array }, void, void> {
  for (let offset = from; offset + headerLength <= bytes.length; offset++) {
    if (bytes[offset] !== 0x50 || bytes[offset + 1] !== 0x4d) continue
    const record = wholeRecord(bytes.subarray(offset), checksum)
    if (!record) continue
    yield { offset, bytes: record }
    offset += record.length - 1
  }
}
