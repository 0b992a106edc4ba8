import { crc32 } from '@perstream/kit'

/**
 * Writes a tensor as `torch.save` does: a ZIP file, entries stored, of a pickle that rebuilds the tensor over raw little-endian data.
 * `torch.load` reads it with `weights_only=True`.
 */
export function writeTorchTensor(data: Float32Array | BigInt64Array, shape: readonly number[]): Uint8Array {
  const bytes = littleEndian(data)
  const storage = data instanceof Float32Array ? 'FloatStorage' : 'LongStorage'
  return writeZip([
    ['archive/data.pkl', writePickle(storage, data.length, shape)],
    ['archive/byteorder', ascii('little')],
    ['archive/data/0', bytes],
    ['archive/version', ascii('3\n')],
  ])
}

/** Protocol 2: torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, OrderedDict()). */
function writePickle(storage: string, length: number, shape: readonly number[]): Uint8Array {
  const stride = shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1))
  const integer = (value: number) => [0x4a, ...u32(value)]
  const text = (value: string) => [0x58, ...u32(value.length), ...ascii(value)]
  const named = (module: string, name: string) => [0x63, ...ascii(`${module}\n${name}\n`)]
  const tuple = (...items: number[][]) => [0x28, ...items.flat(), 0x74]
  const persistent = [...tuple(text('storage'), named('torch', storage), text('0'), text('cpu'), integer(length)), 0x51]
  const hooks = [...named('collections', 'OrderedDict'), ...tuple(), 0x52]
  const sizes = tuple(...shape.map(integer))
  const strides = tuple(...stride.map(integer))
  const built = tuple(persistent, integer(0), sizes, strides, [0x89], hooks)
  return Uint8Array.from([0x80, 2, ...named('torch._utils', '_rebuild_tensor_v2'), ...built, 0x52, 0x2e])
}

function littleEndian(data: Float32Array | BigInt64Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(data.byteLength))
  for (const [i, value] of data.entries()) {
    if (typeof value === 'number') view.setFloat32(i * 4, value, true)
    else view.setBigInt64(i * 8, value, true)
  }
  return new Uint8Array(view.buffer)
}

/** A ZIP file of stored entries. */
function writeZip(entries: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const files: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const [name, bytes] of entries) {
    const common = [...u16(20, 0, 0, 0, 0x21), ...u32(crc32(bytes), bytes.length, bytes.length), ...u16(name.length, 0)]
    const file = concat([Uint8Array.from([...u32(0x04034b50), ...common]), ascii(name), bytes])
    const entry = [...u32(0x02014b50), ...u16(20), ...common, ...u16(0, 0, 0), ...u32(0, offset), ...ascii(name)]
    files.push(file)
    directory.push(Uint8Array.from(entry))
    offset += file.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const count = entries.length
  const end = [...u32(0x06054b50), ...u16(0, 0, count, count), ...u32(size, offset), ...u16(0)]
  return concat([...files, ...directory, Uint8Array.from(end)])
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function u16(...values: number[]): number[] {
  return values.flatMap((value) => [value & 255, (value >>> 8) & 255])
}

function u32(...values: number[]): number[] {
  return values.flatMap((value) => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24])
}
