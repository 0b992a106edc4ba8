import type { CallOptions } from '@perstream/spec'
import type { JournalFile } from './journal-directory'
import { decodeRecord, headerLength, type JournalRecord, recordLength } from './journal-record'

const windowLength = 1 << 20

/** Where reading a file came to an end. */
export interface JournalEnd {
  /** Bytes of whole records, from the start of the file. */
  readonly offset: number
  /** Bytes after them: none when the file ends with a whole record. */
  readonly rest: number
}

/**
 * Yields the records of a file up to its end or the first that is torn or damaged; returns where that was. Reads a window of 1 MiB
 * (or one record, when that is longer) at a time.
 */
export async function* readRecords(
  file: JournalFile,
  { signal }: CallOptions = {},
): AsyncGenerator<JournalRecord, JournalEnd, void> {
  const size = await file.size()
  let offset = 0
  let window: Uint8Array = new Uint8Array(0)
  for (;;) {
    signal?.throwIfAborted()
    if (window.length < headerLength) window = await file.read(offset, windowLength)
    const needed = recordLength(window)
    if (needed !== undefined && needed > window.length && offset + window.length < size)
      window = await file.read(offset, Math.max(needed, windowLength))
    const record = decodeRecord(window)
    if (!record) return { offset, rest: Math.max(0, size - offset) }
    yield record
    offset += record.byteLength
    window = window.subarray(record.byteLength)
  }
}

/**
 * Finds, in what follows a damaged record, one that proves that the damaged one had been durable: then it was not torn by a crash
 * while it was written, and something else damaged the file.
 */
export async function wasDurable(file: JournalFile, end: JournalEnd, sequence: number): Promise<boolean> {
  const bytes = await file.read(end.offset, end.rest)
  for (let offset = 1; offset + headerLength <= bytes.length; offset++) {
    if (bytes[offset] !== 0x50 || recordLength(bytes.subarray(offset, offset + headerLength)) === undefined) continue
    const record = decodeRecord(bytes.subarray(offset))
    if (record && record.durable >= sequence) return true
  }
  return false
}
