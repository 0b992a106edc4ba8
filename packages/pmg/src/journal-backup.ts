import { type CallOptions, PerStreamError } from '@perstream/spec'
import { readIndexFile, writeIndexFile } from './index-file'
import type { JournalDirectory } from './journal-directory'
import { encodeManifest, manifestName } from './journal-manifest'
import { drain, readRecords } from './journal-reader'
import { type StoreReport, verifyJournal } from './journal-verify'
import { checksumOf, damaged, deflationOf, openView, readPart } from './journal-view'

const pieceLength = 1 << 22

/** Copies one state of a store, with its index and the batches that its journal holds by then, and checks the copy. */
export async function backUp(
  from: JournalDirectory,
  to: JournalDirectory,
  { location, signal }: CallOptions & { readonly location: string },
): Promise<StoreReport> {
  const others = await to.list()
  if (others.length > 0)
    throw new PerStreamError(
      'input-invalid',
      `the place for the backup holds other files (${others.slice(0, 3).join(', ')}): give an empty one`,
    )
  const checksum = checksumOf(from)
  const view = await openView(from, location)
  try {
    const { state, crc } = view.manifest
    for (const each of view.parts) {
      signal?.throwIfAborted()
      const records: Uint8Array[] = []
      for await (const { record } of readPart(each, { checksum, deflation: deflationOf(from), location }))
        records.push(record)
      await to.write(each.part.file, records)
    }
    const { offset } = await drain(readRecords(view.journal, { checksum, previous: crc, signal }))
    const pieces: Uint8Array[] = []
    for (let at = 0; at < offset; at += pieceLength)
      pieces.push(await view.journal.read(at, Math.min(pieceLength, offset - at)))
    await to.write(state.journal, pieces)
    // One that cannot be read is left out like a damaged one: it can be made anew.
    const index = await readIndexFile(from, checksum).catch(() => undefined)
    if (index?.kind === 'whole' && index.manifestCrc === crc)
      await writeIndexFile(to, index.sections, { manifestCrc: crc, checksum })
    await to.sync()
    await to.replace(manifestName, [encodeManifest(state).bytes])
  } finally {
    await view[Symbol.asyncDispose]()
  }
  const report = await verifyJournal(to, { location: 'the backup', signal })
  const [first] = report.damage
  if (first) throw damaged('the backup', first.file, first.offset)
  return report
}
