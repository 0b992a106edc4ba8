import type { CallOptions } from '@perstream/spec'
import type { ByteSource } from '../byte-source'
import { elementBytes } from '../safetensors'
import { invalidPickle, type PickleHooks, unpickle } from './pickle'
import type { FindStorage, TorchStorage } from './tensor'

/** The number that starts files of `torch.save` before version 1.6, as a pickle of its own. */
const magic = Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e)

/** Files of this format are read at once; it ended before models were large. */
const longest = 2 ** 31

/** Tells whether a file's first 16 bytes are those of the format without zip. */
export function isLegacy(start: Uint8Array): boolean {
  return magic.every((byte, i) => start[i] === byte)
}

/**
 * Reads the format without zip: pickles of a number, a version, the machine, the value, the keys of the storages; then
 * each storage, its length before it.
 */
export async function readLegacy(
  source: ByteSource,
  hooks: (find: FindStorage) => PickleHooks,
  options: CallOptions,
): Promise<unknown> {
  if (source.size > longest) throw invalidPickle(`the file has ${source.size} bytes, in a format for small ones`)
  const bytes = await source.read(0, source.size, options)
  const plain = hooks((key) => {
    throw invalidPickle(`storage "${key}" is used where there are no tensors`)
  })
  const version = unpickle(bytes, plain, magic.length)
  const machine = unpickle(bytes, plain, version.end)
  if (!(machine.value instanceof Map) || machine.value.get('little_endian') !== true) {
    throw invalidPickle('the file is not of a little-endian machine')
  }
  const found = new Map<string, TorchStorage>()
  const places = new Map<string, number>()
  const main = unpickle(bytes, hooks(storagesOf(bytes, found, places)), machine.end)
  const keys = unpickle(bytes, plain, main.end)
  if (!Array.isArray(keys.value)) throw invalidPickle('the file does not list its storages')
  placeStorages(bytes, { keys: keys.value as unknown[], start: keys.end, found, places })
  return main.value
}

/** Storages whose place is not known before the value has been read. */
function storagesOf(bytes: Uint8Array, found: Map<string, TorchStorage>, places: Map<string, number>): FindStorage {
  return (key, type, count) => {
    const known = found.get(key)
    if (known && (known.type !== type || known.count !== count)) throw invalidPickle(`storage "${key}" is two things`)
    const storage: TorchStorage = known ?? {
      type,
      count,
      read: async (offset, length) => {
        const start = places.get(key)! + offset
        return bytes.slice(start, start + length)
      },
    }
    found.set(key, storage)
    return storage
  }
}

interface StorageList {
  readonly keys: readonly unknown[]
  readonly start: number
  readonly found: ReadonlyMap<string, TorchStorage>
  readonly places: Map<string, number>
}

function placeStorages(bytes: Uint8Array, { keys, start, found, places }: StorageList): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = start
  for (const key of keys) {
    if (typeof key !== 'string') throw invalidPickle('the name of a storage is no text')
    const storage = found.get(key)
    if (!storage || places.has(key)) throw invalidPickle(`storage "${key}" is listed, but not used once`)
    const length = storage.count * elementBytes[storage.type]
    if (at + 8 + length > bytes.length) throw invalidPickle(`the file ends within storage "${key}"`)
    if (view.getBigInt64(at, true) !== BigInt(storage.count)) throw invalidPickle(`storage "${key}" has another length`)
    places.set(key, at + 8)
    at += 8 + length
  }
  for (const key of found.keys()) if (!places.has(key)) throw invalidPickle(`storage "${key}" is not in the file`)
}
