import { open, stat } from 'node:fs/promises'
import { PerStreamError } from '@perstream/spec'

/** What a location turned out to be. */
export interface Location {
  /** What to hand to the library. */
  readonly url: string
  /** The input format to force: capture devices. */
  readonly format: string | undefined
  /** A regular file: it can be opened again, sought and measured. */
  readonly file: boolean
}

const device = /^(v4l2|avfoundation|dshow|gdigrab|x11grab|lavfi):(.+)$/
const network = /^[a-z][a-z0-9+.-]+:/i

/**
 * Looks at a location before any library opens it: a file path, a `file:` URL, any other URL, or `FORMAT:NAME` for a
 * capture device (`v4l2:/dev/video0`, `avfoundation:0`, `dshow:video=Camera`).
 * @throws PerStreamError `source-not-found`, `source-unreadable` for a folder or an empty file
 */
export async function resolveLocation(location: string): Promise<Location> {
  if (typeof location !== 'string' || location === '')
    throw new TypeError(`location is ${JSON.stringify(location)}: give a file path, a URL or a device`)
  const capture = device.exec(location)
  if (capture) return { url: capture[2]!, format: capture[1]!, file: false }
  if (network.test(location) && !/^[a-z]:[\\/]/i.test(location) && !location.startsWith('file:'))
    return { url: location, format: undefined, file: false }
  return await resolvePath(location, location.startsWith('file://') ? fromFileUrl(location) : location)
}

function fromFileUrl(location: string): string {
  const path = decodeURIComponent(new URL(location).pathname)
  return process.platform === 'win32' ? path.slice(1) : path
}

async function resolvePath(location: string, path: string): Promise<Location> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
      throw new PerStreamError('source-not-found', `There is no file ${location}: check the path.`, {
        fields: { location },
        cause,
      })
    throw unreadable(location, `it cannot be looked at (${cause.code})`, 'Check its permissions', cause)
  })
  if (found.isDirectory()) throw unreadable(location, 'it is a folder', 'Give one video file')
  if (found.isCharacterDevice())
    return { url: path, format: process.platform === 'linux' ? 'v4l2' : undefined, file: false }
  if (found.isFile() && found.size === 0) throw unreadable(location, 'it is empty (0 bytes)', 'Copy or record it again')
  return { url: path, format: undefined, file: found.isFile() }
}

/** Makes the error for a source that exists and cannot be read. */
export function unreadable(location: string, cause: string, remedy: string, error?: unknown): PerStreamError {
  return new PerStreamError('source-unreadable', `${location} cannot be read as video: ${cause}. ${remedy}.`, {
    fields: { location, cause },
    cause: error,
  })
}

/** Says why a file that no library could open is no video, from its bytes. */
export async function diagnose(location: string, found: Location, reason: string): Promise<PerStreamError> {
  if (!found.file) return unreadable(location, reason, 'Check the address and that it can be reached from here')
  const head = await readHead(found.url)
  const boxes = head.length >= 8 && /^(ftyp|moov|mdat|free|wide|skip)$/.test(head.toString('latin1', 4, 8))
  if (boxes && !(await hasBox(found.url, 'moov')))
    return unreadable(
      location,
      'its index (the moov box) is missing, so recording or copying was cut off before the end',
      'Repair it with a tool such as untrunc, or copy it again',
    )
  if (head.every((byte) => byte >= 9 && byte !== 127) && !head.includes(0) && /^[\s\x20-\x7e]/.test(head.toString()))
    return unreadable(location, 'it holds text, whatever its name says', 'Give a video file')
  return unreadable(location, reason, 'Check that it is a video that ffmpeg can play')
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Walks the top-level boxes of an ISO media file. */
async function hasBox(path: string, wanted: string): Promise<boolean> {
  const file = await open(path)
  try {
    const head = Buffer.alloc(16)
    for (let at = 0; ; ) {
      const { bytesRead } = await file.read(head, 0, 16, at)
      if (bytesRead < 8) return false
      if (head.toString('latin1', 4, 8) === wanted) return true
      const short = head.readUInt32BE(0)
      const size = short === 1 && bytesRead === 16 ? Number(head.readBigUInt64BE(8)) : short
      if (size < 8) return false
      at += size
    }
  } finally {
    await file.close()
  }
}
