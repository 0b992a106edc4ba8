import type { CallOptions, MemoryBatch, Warning } from '@perstream/spec'
import { PerStreamError } from '@perstream/spec'
import type { Deflation } from './deflation'
import { joined } from './journal-parts'
import { type JournalEnd, readBatches, wasDurable } from './journal-reader'
import { type Checksum, recordHashes } from './journal-record'
import { damaged, type JournalView, readPart } from './journal-view'

interface LoadOptions extends CallOptions {
  readonly checksum: Checksum
  readonly deflation: Deflation
  readonly location: string
  /** Receives `journal-tail-ignored`. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
  /** Says whether a tail that is torn is worth a warning. */
  readonly reportsTail: () => Promise<boolean>
  /** Receives the hashes of the keys of each part, which a merge needs. */
  readonly hashes?: Map<string, Uint32Array> | undefined
}

/** Yields what a view holds after a sequence: the parts as a whole, when they hold something newer, then the journal. */
export async function* loadView(
  view: JournalView,
  after: number,
  options: LoadOptions,
): AsyncGenerator<MemoryBatch, void, void> {
  const { sequence } = view.manifest.state
  if (sequence > after) yield* loadParts(view, options)
  yield* loadJournal(view, Math.max(sequence, after), options)
}

/** The next part is read while one is decoded; whoever leaves waits for that, so that nothing reads a file that is closed. */
async function* loadParts(view: JournalView, options: LoadOptions): AsyncGenerator<MemoryBatch, void, void> {
  const { sequence, at } = view.manifest.state
  yield { sequence, at, operations: [{ type: 'reset' }] }
  const read = (i: number) => {
    const next = view.parts[i]
    const bytes = next?.file.read(0, next.part.bytes + 1)
    bytes?.catch(() => undefined)
    return bytes
  }
  let ahead = read(0)
  try {
    for (const [i, part] of view.parts.entries()) {
      const bytes = ahead
      ahead = read(i + 1)
      const hashes: Uint32Array[] = []
      for await (const { record, decode } of readPart(part, options, bytes)) {
        options.signal?.throwIfAborted()
        hashes.push(recordHashes(record))
        yield { sequence, at, operations: decode().batch.operations }
      }
      options.hashes?.set(part.part.file, joined(hashes))
    }
  } finally {
    await ahead?.catch(() => undefined)
  }
}

async function* loadJournal(
  { journal, manifest: { state, crc } }: JournalView,
  after: number,
  { checksum, location, onWarning, reportsTail, signal }: LoadOptions,
): AsyncGenerator<MemoryBatch, void, void> {
  let sequence = state.sequence
  const records = readBatches(journal, { checksum, previous: crc, signal })
  for (let step = await records.next(); ; step = await records.next()) {
    if (step.done) {
      const end = step.value
      if (end.rest === 0) return
      if (await wasDurable(journal, end, sequence + 1, checksum)) throw damaged(location, state.journal, end.offset)
      if (await reportsTail()) onWarning?.(tailWarning('journal-tail-ignored', location, state.journal, end))
      return
    }
    const { batch } = step.value
    if (batch.sequence !== sequence + 1) throw gap(location, state.journal, sequence, batch.sequence)
    sequence = batch.sequence
    if (sequence > after) yield batch
  }
}

/** The warning for bytes at the end of a journal that are no whole record. */
export function tailWarning(
  code: 'journal-tail-cut' | 'journal-tail-ignored',
  location: string,
  file: string,
  { offset, rest }: JournalEnd,
): Warning {
  const done = code === 'journal-tail-cut' ? 'were cut off' : 'are left out'
  return {
    code,
    message: `${location}: ${rest} bytes of a write that was never acknowledged ${done}`,
    fields: { file, offset, bytes: rest },
  }
}

/** The error for a journal in which a batch is missing. */
export function gap(location: string, file: string, from: number, to: number): PerStreamError {
  return new PerStreamError(
    'store-corrupt',
    `${location}: ${file} goes on with batch ${to} after ${from}: restore it from a backup, or repair the store`,
    { fields: { file, from, to } },
  )
}
