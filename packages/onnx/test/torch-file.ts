import { deflateRawSync } from 'node:zlib'

/** A tensor to be pickled as `torch.save` does. */
export interface TensorRecipe {
  readonly storage: string
  readonly key: string
  readonly count: number
  readonly offset?: number
  readonly shape: readonly number[]
  readonly stride: readonly number[]
}

const text = (value: string) => new TextEncoder().encode(value)
const concat = (...parts: readonly (Uint8Array | readonly number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => [...part]))
const little = (value: number | bigint, size: number) => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes.subarray(0, size)
}

/** The operations that put a value on the stack; a Uint8Array is taken as operations. */
export function operations(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (value === null) return text('N')
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0x88 : 0x89)
  if (typeof value === 'number') return concat([0x8a, 7], little(value, 7))
  if (typeof value === 'string') return concat(text('X'), little(text(value).length, 4), text(value))
  if (Array.isArray(value)) return concat(text('('), ...value.map(operations), text('t'))
  if (value instanceof Map) return concat(text('}('), ...[...value].flat().map(operations), text('u'))
  return tensorOperations(value as TensorRecipe)
}

/** Asks for a name. */
export function globalNamed(module: string, name: string): Uint8Array {
  return text(`c${module}\n${name}\n`)
}

function tensorOperations({ storage, key, count, offset = 0, shape, stride }: TensorRecipe): Uint8Array {
  const id = ['storage', globalNamed('torch', storage), key, 'cpu', count]
  const place = [concat(operations(id), text('Q')), offset, [...shape], [...stride], false]
  return concat(globalNamed('torch._utils', '_rebuild_tensor_v2'), operations(place), text('R'))
}

/** A pickle of protocol 2. */
export function pickleOf(value: unknown): Uint8Array {
  return concat([0x80, 2], operations(value), text('.'))
}

/** A zip archive. */
export function zipOf(
  files: Readonly<Record<string, Uint8Array>>,
  { deflate = false, zip64 = false }: { readonly deflate?: boolean; readonly zip64?: boolean } = {},
): Uint8Array {
  const chunks: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const [name, content] of Object.entries(files)) {
    const packed = deflate ? deflateRawSync(content) : content
    const method = little(deflate ? 8 : 0, 2)
    const numbers = [content.length, packed.length, offset]
    const wide = zip64
      ? concat(little(1, 2), little(24, 2), ...numbers.map((number) => little(number, 8)))
      : new Uint8Array()
    const shown = (number: number) => little(zip64 ? 0xffffffff : number, 4)
    const head = concat(
      method,
      new Uint8Array(8),
      shown(packed.length),
      shown(content.length),
      little(text(name).length, 2),
    )
    const local = concat(text('PK\u0003\u0004'), [45, 0, 0, 0], head, [0, 0], text(name), packed)
    directory.push(
      concat(
        text('PK\u0001\u0002'),
        [45, 0, 45, 0, 0, 0],
        head,
        little(wide.length, 2),
        new Uint8Array(10),
        shown(offset),
        text(name),
        wide,
      ),
    )
    chunks.push(local)
    offset += local.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const count = directory.length
  const end64 = concat(
    text('PK\u0006\u0006'),
    little(44, 8),
    new Uint8Array(12),
    little(count, 8),
    little(count, 8),
    little(size, 8),
    little(offset, 8),
  )
  const locator = concat(text('PK\u0006\u0007'), little(0, 4), little(offset + size, 8), little(1, 4))
  const shown = (number: number) => little(zip64 ? 0xffffffff : number, 4)
  const end = concat(
    text('PK\u0005\u0006'),
    new Uint8Array(4),
    little(count, 2),
    little(count, 2),
    shown(size),
    shown(offset),
    [0, 0],
  )
  return concat(...chunks, ...directory, ...(zip64 ? [end64, locator] : []), end)
}

/** A checkpoint as `torch.save` writes it. */
export function torchFile(
  value: unknown,
  storages: Readonly<Record<string, Uint8Array>> = {},
  options?: Parameters<typeof zipOf>[1],
): Uint8Array {
  const data = Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes])
  return zipOf(
    { 'archive/data.pkl': pickleOf(value), 'archive/byteorder': text('little'), ...Object.fromEntries(data) },
    options,
  )
}

/** A checkpoint in the format before version 1.6. */
export function legacyTorchFile(
  value: unknown,
  storages: Readonly<Record<string, Uint8Array>>,
  elementBytes: number,
): Uint8Array {
  const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]
  const data = Object.values(storages).flatMap((bytes) => [little(bytes.length / elementBytes, 8), bytes])
  const machine = new Map<unknown, unknown>([
    ['protocol_version', 1001],
    ['little_endian', true],
  ])
  const keys = concat([0x80, 2], text(']('), ...Object.keys(storages).map(operations), text('e.'))
  return concat(magic, pickleOf(1001), pickleOf(machine), pickleOf(value), keys, ...data)
}
