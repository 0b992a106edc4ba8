import { crc32 } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'
import { type Deflation, deflation as usualDeflation } from './deflation'
import type { JournalDirectory, JournalFile } from './journal-directory'
import { type Manifest, readManifest, type StorePart } from './journal-manifest'
import { type Checksum, decodeRecord, type JournalRecord, recordHead, wholeRecord } from './journal-record'

/** The files of one state of a store, all open: what a writer removes meanwhile stays readable. */
export interface JournalView extends AsyncDisposable {
  readonly manifest: Manifest
  readonly parts: readonly { readonly part: StorePart; readonly file: JournalFile }[]
  readonly journal: JournalFile
}

const attempts = 20

/** The checksum that a directory brings, or the one in TypeScript. */
export function checksumOf(directory: JournalDirectory): Checksum {
  return directory.crc32 ?? crc32
}

/** What a directory brings to make JSON shorter, or what is used where it brings nothing. */
export function deflationOf(directory: JournalDirectory): Deflation {
  return directory.deflation ?? usualDeflation
}

/**
 * Opens all that a store consists of. A writer that puts another state in its place meanwhile makes it begin again.
 * @throws PerStreamError `store-corrupt` when a file is missing
 */
export async function openView(directory: JournalDirectory, location: string): Promise<JournalView> {
  let before: number | undefined
  for (let attempt = 1; ; attempt++) {
    const manifest = await readManifest(directory, location)
    if (!manifest) throw missing(location, 'the manifest')
    const view = await openFiles(directory, manifest)
    if (typeof view !== 'string') return view
    if (manifest.crc === before || attempt === attempts) throw missing(location, view)
    before = manifest.crc
  }
}

/** Gives the name of a file that is missing in place of a view. */
async function openFiles(directory: JournalDirectory, manifest: Manifest): Promise<JournalView | string> {
  const { parts, journal } = manifest.state
  const names = [journal, ...parts.map(({ file }) => file)]
  const results = await Promise.allSettled(names.map((name) => directory.open(name)))
  const opened = results.map((result) => (result.status === 'fulfilled' ? result.value : undefined))
  const failed = results.find((result) => result.status === 'rejected')
  const lost = opened.indexOf(undefined)
  const close = async () => {
    await Promise.all(opened.map((file) => file?.close()))
  }
  if (lost >= 0) {
    await close()
    if (failed) throw failed.reason
    return names[lost]!
  }
  return {
    manifest,
    journal: opened[0]!,
    parts: parts.map((part, i) => ({ part, file: opened[i + 1]! })),
    [Symbol.asyncDispose]: close,
  }
}

/**
 * Decodes a part.
 * @throws PerStreamError `store-corrupt` when a byte of it is not as it was written
 */
export async function* readPart(
  { part, file }: JournalView['parts'][number],
  { checksum, deflation, location }: { checksum: Checksum; deflation: Deflation; location: string },
  bytes: Promise<Uint8Array> = file.read(0, part.bytes + 1),
): AsyncGenerator<{ record: Uint8Array; decode: () => JournalRecord }, void, void> {
  let rest = await bytes
  let crc = 0
  let offset = 0
  const fail = () => damaged(location, part.file, offset)
  if (rest.length !== part.bytes) throw fail()
  while (rest.length > 0) {
    const record = wholeRecord(rest, checksum)
    if (!record || recordHead(record).previous !== crc) throw fail()
    crc = recordHead(record).crc
    yield { record, decode: () => decodeRecord(record, deflation.inflate) ?? reject(fail()) }
    offset += record.length
    rest = rest.subarray(record.length)
  }
  if (crc !== part.crc) throw fail()
}

/** The error for a file that is not as it was written. */
export function damaged(location: string, file: string, offset: number): PerStreamError {
  return new PerStreamError(
    'store-corrupt',
    `${location}: ${file} is damaged at byte ${offset}: restore it from a backup, or repair the store`,
    { fields: { file, offset } },
  )
}

function missing(location: string, name: string): PerStreamError {
  return new PerStreamError(
    'store-corrupt',
    `${location}: ${name} is missing: restore it from a backup, or repair the store`,
    { fields: { file: name } },
  )
}

function reject(error: Error): never {
  throw error
}
