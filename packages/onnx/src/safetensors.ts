import { PerStreamError } from '@perstream/spec'
import type { ByteSource } from './byte-source'

/** Bytes of one element, by the names that safetensors files use. */
export const elementBytes = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2 },
  ...{ I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 },
} as const

/** How the values of a tensor are stored: the names that safetensors files use. */
export type SafetensorsType = keyof typeof elementBytes

/** One tensor of a safetensors file: row-major, little-endian. */
export interface SafetensorsEntry {
  readonly name: string
  readonly type: SafetensorsType
  readonly shape: readonly number[]
  /** Where its values start, in bytes from the start of the file. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
}

/** What a safetensors file holds. Values are read from the file when they are asked for. */
export interface Safetensors {
  readonly source: ByteSource
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>
  readonly metadata: Readonly<Record<string, string>>
}

/** Longer headers are refused: of 100,000 tensors one has about 15 MB, and JSON takes many times more once it is parsed. */
export const longestHeader = 25_000_000

/**
 * Reads the header of a safetensors file and checks it: every tensor lies within the file and fills its shape, and none
 * overlaps another.
 * @throws PerStreamError `model-invalid` that names the file and the tensor
 */
export async function openSafetensors(
  source: ByteSource,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Safetensors> {
  const fail: Fail = (problem, tensor) =>
    new PerStreamError('model-invalid', `${source.name} is no whole safetensors file: ${problem}`, {
      fields: { file: source.name, ...(tensor === undefined ? {} : { tensor }) },
    })
  if (source.size < 8) throw fail(`it has ${source.size} bytes`)
  const start = await source.read(0, 8, { signal })
  const headerLength = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true))
  if (headerLength > longestHeader) throw fail(`its header would take ${headerLength} bytes`)
  if (8 + headerLength > source.size) throw fail(`its header takes ${headerLength} bytes, the file has ${source.size}`)
  const header = parseHeader(await source.read(8, headerLength, { signal }), fail)
  const dataStart = 8 + headerLength
  const tensors = new Map<string, SafetensorsEntry>()
  let metadata: Readonly<Record<string, string>> = {}
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = readMetadata(value)
    else tensors.set(name, readEntry(name, value, { dataStart, size: source.size, fail }))
  }
  refuseOverlaps(tensors, fail)
  return { source, tensors, metadata }
}

type Fail = (problem: string, tensor?: string) => PerStreamError

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let text: string
  let header: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    header = JSON.parse(text)
  } catch {
    throw fail('its header is no JSON')
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw fail('its header is no JSON object')
  if (countKeys(text) !== Object.keys(header).length) throw fail('its header names a tensor twice')
  return header as Record<string, unknown>
}

/** Counts the keys of a JSON object, repeated ones too: of those, `JSON.parse` keeps the last in silence. */
function countKeys(json: string): number {
  let depth = 0
  let keys = 0
  let quoted = false
  for (let i = 0; i < json.length; i++) {
    const character = json[i]
    if (quoted && character === '\\') i++
    else if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    else if (character === ':' && depth === 1) keys++
  }
  return keys
}

function readMetadata(value: unknown): Record<string, string> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

interface EntryContext {
  readonly dataStart: number
  readonly size: number
  readonly fail: Fail
}

function readEntry(name: string, value: unknown, { dataStart, size, fail }: EntryContext): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBytes, dtype))
    throw fail(`the type of "${name}" is ${shown(dtype)}`, name)
  const type = dtype as SafetensorsType
  if (!isWholeNumbers(shape)) throw fail(`the shape of "${name}" is ${shown(shape)}`, name)
  if (!isWholeNumbers(offsets) || offsets.length !== 2) throw fail(`the place of "${name}" is ${shown(offsets)}`, name)
  const [begin, end] = offsets as [number, number]
  const needed = shape.reduce((product, each) => product * each, elementBytes[type])
  if (end - begin !== needed) throw fail(`"${name}" has ${end - begin} bytes, ${type} [${shape}] needs ${needed}`, name)
  if (dataStart + end > size) throw fail(`"${name}" ends at byte ${dataStart + end}, the file at ${size}`, name)
  return { name, type, shape, offset: dataStart + begin, length: needed }
}

/** A value of a header in a message, short whatever it is. */
function shown(value: unknown): string {
  if (Array.isArray(value))
    return value.some((each) => typeof each === 'object') ? 'a nested list' : `[${value.slice(0, 8)}]`
  return typeof value === 'object' && value !== null ? 'an object' : (JSON.stringify(value) ?? 'not given').slice(0, 60)
}

function isWholeNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0)
}

function refuseOverlaps(tensors: ReadonlyMap<string, SafetensorsEntry>, fail: Fail): void {
  const ordered = [...tensors.values()].sort((a, b) => a.offset - b.offset || a.length - b.length)
  ordered.forEach((entry, i) => {
    const before = ordered[i - 1]
    if (before && before.offset + before.length > entry.offset)
      throw fail(`"${before.name}" and "${entry.name}" overlap`, entry.name)
  })
}
