import { createHash } from 'node:crypto'
import { precisions } from '@perstream/kit'
import type { TensorPrecision } from '@perstream/spec'

/** Longest id, encoded, that a file is named by; a longer one is named by its hash. */
const longestName = 180

/** What the name of a file says. */
export interface TensorName {
  readonly precision: TensorPrecision
  /** Undefined when the id is too long for a name: the file says it. */
  readonly id: string | undefined
}

/** The name of the file of a grid: whatever the id, one that every file system takes, where case counts or not. */
export function tensorName(id: string, precision: TensorPrecision): string {
  return `grid-${encodeId(id)}.${precision}`
}

/** Reads the name of a file; undefined when it is not of a grid. */
export function parseTensorName(name: string): TensorName | undefined {
  const precision = precisions.find((each) => name.endsWith(`.${each}`))
  if (!name.startsWith('grid-') || !precision) return undefined
  const encoded = name.slice('grid-'.length, -precision.length - 1)
  if (/^~h[0-9a-f]{64}$/.test(encoded)) return { precision, id: undefined }
  return /^(?:[a-z0-9_-]|~[0-9a-f]{4})*$/.test(encoded) ? { precision, id: decodeId(encoded) } : undefined
}

/** Small letters, digits, `-` and `_` stand for themselves, every other UTF-16 unit is `~` and four hexadecimal digits. */
function encodeId(id: string): string {
  const encoded = id.replace(/[^a-z0-9_-]/g, (unit) => `~${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  if (encoded.length <= longestName) return encoded
  return `~h${createHash('sha256').update(encoded).digest('hex')}`
}

function decodeId(encoded: string): string {
  return encoded.replace(/~([0-9a-f]{4})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
}
