import { type CallOptions, PerStreamError } from '@perstream/spec'
import type { ByteSource } from '../byte-source'

/** One file of a zip archive. */
export interface ZipEntry {
  readonly name: string
  /** Bytes once unpacked. */
  readonly size: number
  /** Bytes as they lie in the archive. */
  readonly packedSize: number
  readonly deflated: boolean
  /** Where its own header lies. */
  readonly headerOffset: number
}

/** What a zip archive holds. Contents are read when they are asked for. */
export interface Zip {
  readonly entries: ReadonlyMap<string, ZipEntry>
  /** Reads a part of an unpacked file; of a deflated one, all before it is unpacked too. */
  read(entry: ZipEntry, offset: number, length: number, options?: CallOptions): Promise<Uint8Array>
}

const [endLength, locatorLength, end64Length, entryLength, headerLength] = [22, 20, 56, 46, 30]
const [endMark, locatorMark, end64Mark, entryMark, headerMark] = [
  0x06054b50, 0x07064b50, 0x06064b50, 0x02014b50, 0x04034b50,
]
const longestDirectory = 100_000_000
/** Deflate never shrinks bytes to less than a 1032nd. */
const highestRatio = 1032

type Fail = (problem: string) => PerStreamError

/**
 * Reads the directory of a zip archive (Zip64 too). Checksums are not compared: PyTorch can leave them out.
 * @throws PerStreamError `model-invalid` for a damaged archive, `model-unsupported` for encryption, several volumes and
 * other ways to pack than deflate
 */
export async function openZip(source: ByteSource, { signal }: CallOptions = {}): Promise<Zip> {
  const fail: Fail = (problem) =>
    new PerStreamError('model-invalid', `${source.name} is no whole zip archive: ${problem}`, {
      fields: { file: source.name },
    })
  const place = await findDirectory(source, fail, { signal })
  if (place.size > longestDirectory) throw fail(`its directory would take ${place.size} bytes`)
  if (place.offset + place.size > source.size) throw fail('its directory ends after the file')
  const directory = viewOf(await source.read(place.offset, place.size, { signal }))
  const entries = new Map<string, ZipEntry>()
  for (let at = 0; at < place.size; ) {
    if (at + entryLength > place.size || directory.getUint32(at, true) !== entryMark) {
      throw fail(`byte ${place.offset + at} does not start an entry of its directory`)
    }
    const [name, extra, comment] = [28, 30, 32].map((field) => directory.getUint16(at + field, true)) as Triple
    const next = at + entryLength + name + extra + comment
    if (next > place.size) throw fail('an entry of its directory is cut off')
    const entry = readEntry(directory, at, { name, extra }, fail)
    if (entries.has(entry.name)) throw fail(`it holds "${entry.name}" twice`)
    entries.set(entry.name, entry)
    at = next
  }
  return {
    entries,
    read: (entry, offset, length, options) => readPart(source, entry, { offset, length }, fail, options),
  }
}

type Triple = [number, number, number]

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

async function findDirectory(
  source: ByteSource,
  fail: Fail,
  options: CallOptions,
): Promise<{ readonly offset: number; readonly size: number }> {
  const tailLength = Math.min(source.size, endLength + 0xffff)
  const tailOffset = source.size - tailLength
  const tail = viewOf(await source.read(tailOffset, tailLength, options))
  let at = tailLength - endLength
  while (
    at >= 0 &&
    (tail.getUint32(at, true) !== endMark || at + endLength + tail.getUint16(at + 20, true) > tailLength)
  )
    at--
  if (at < 0) throw fail('it has no directory')
  const [disks, count, size, offset] = [
    tail.getUint16(at + 4, true),
    tail.getUint16(at + 10, true),
    tail.getUint32(at + 12, true),
    tail.getUint32(at + 16, true),
  ]
  const wide = size === 0xffffffff || offset === 0xffffffff || count === 0xffff
  const locatorAt = at - locatorLength
  if (wide && locatorAt >= 0 && tail.getUint32(locatorAt, true) === locatorMark) {
    const end64 = long(tail, locatorAt + 8, fail)
    if (end64 + end64Length > source.size) throw fail('its Zip64 end lies after the file')
    const record = viewOf(await source.read(end64, end64Length, options))
    if (record.getUint32(0, true) !== end64Mark) throw fail('its Zip64 end is damaged')
    return { size: long(record, 40, fail), offset: long(record, 48, fail) }
  }
  if (disks !== 0 && disks !== 0xffff) throw unsupported(source.name, 'several volumes')
  return { size, offset }
}

/** A 64-bit number that a file of this world can have. */
function long(view: DataView, at: number, fail: Fail): number {
  const value = Number(view.getBigUint64(at, true))
  if (!Number.isSafeInteger(value)) throw fail(`it names the place ${value}`)
  return value
}

function readEntry(
  directory: DataView,
  at: number,
  lengths: { readonly name: number; readonly extra: number },
  fail: Fail,
): ZipEntry {
  const nameAt = at + entryLength
  const bytes = new Uint8Array(directory.buffer, directory.byteOffset + nameAt, lengths.name)
  const name = new TextDecoder().decode(bytes)
  const method = directory.getUint16(at + 10, true)
  if ((directory.getUint16(at + 8, true) & 1) !== 0) throw unsupported(name, 'encryption')
  if (method !== 0 && method !== 8) throw unsupported(name, `the packing method ${method}`)
  const [packed, size, header] = [20, 24, 42].map((field) => directory.getUint32(at + field, true)) as Triple
  const wide = wideNumbers(directory, nameAt + lengths.name, lengths.extra, fail)
  // Zip64 gives, in this order, only the numbers that do not fit.
  const take = (number: number) => {
    if (number !== 0xffffffff) return number
    const value = wide.shift()
    if (value === undefined) throw fail(`"${name}" has no size`)
    return value
  }
  const [unpackedSize, packedSize, headerOffset] = [take(size), take(packed), take(header)]
  const deflated = method === 8
  if (deflated ? unpackedSize > (packedSize + 1) * highestRatio : unpackedSize !== packedSize) {
    throw fail(`"${name}" cannot hold ${unpackedSize} bytes in ${packedSize}`)
  }
  return { name, size: unpackedSize, packedSize, deflated, headerOffset }
}

/** The 64-bit numbers of an entry's Zip64 field; none when it has no such field. */
function wideNumbers(directory: DataView, start: number, length: number, fail: Fail): number[] {
  for (let at = start; at + 4 <= start + length; ) {
    const size = directory.getUint16(at + 2, true)
    if (at + 4 + size > start + length) break
    if (directory.getUint16(at, true) === 1) {
      return Array.from({ length: Math.min(3, size >> 3) }, (_, i) => long(directory, at + 4 + i * 8, fail))
    }
    at += 4 + size
  }
  return []
}

async function readPart(
  source: ByteSource,
  entry: ZipEntry,
  { offset, length }: { readonly offset: number; readonly length: number },
  fail: Fail,
  options?: CallOptions,
): Promise<Uint8Array> {
  if (offset + length > entry.size) throw fail(`"${entry.name}" has ${entry.size} bytes, not ${offset + length}`)
  if (entry.headerOffset + headerLength > source.size) throw fail(`"${entry.name}" lies after the file`)
  const header = viewOf(await source.read(entry.headerOffset, headerLength, options))
  if (header.getUint32(0, true) !== headerMark) throw fail(`"${entry.name}" has no header`)
  const start = entry.headerOffset + headerLength + header.getUint16(26, true) + header.getUint16(28, true)
  if (start + entry.packedSize > source.size) throw fail(`"${entry.name}" ends after the file`)
  if (!entry.deflated) return source.read(start + offset, length, options)
  const packed = await source.read(start, entry.packedSize, options)
  return (await inflate(packed, offset + length, () => fail(`"${entry.name}" is damaged`))).slice(offset)
}

/** Unpacks the first bytes of deflated ones, and no more. */
async function inflate(packed: Uint8Array, length: number, damaged: () => PerStreamError): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let done = 0
  const unpacked = new Blob([packed as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw'))
  const reader = unpacked.getReader()
  while (done < length) {
    const { value } = await reader.read().catch(() => {
      throw damaged()
    })
    if (!value) throw damaged()
    bytes.set(value.subarray(0, length - done), done)
    done += value.length
  }
  await reader.cancel()
  return bytes
}

function unsupported(name: string, what: string): PerStreamError {
  return new PerStreamError('model-unsupported', `"${name}" uses ${what}, which this reader does not read`)
}
