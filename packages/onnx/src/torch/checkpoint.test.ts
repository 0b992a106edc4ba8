import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  globalNamed,
  legacyTorchFile,
  operations,
  pickleOf,
  type TensorRecipe,
  torchFile,
  zipOf,
} from '../../test/torch-file'
import { bytesSource, openSafetensors, readTorchCheckpoint, type TorchTensor, toFloat32 } from '../index'
import { fileSource } from '../node'

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
const vector = (key: string, count: number): TensorRecipe => ({
  storage: 'FloatStorage',
  key,
  count,
  shape: [count],
  stride: [1],
})
const valuesOf = async (tensor: TorchTensor | undefined) => [...toFloat32(tensor!.type, await tensor!.read())]
const invalid = (message: RegExp) => ({ code: 'model-invalid', message: expect.stringMatching(message) })

describe('readTorchCheckpoint', () => {
  it('reads plain values and tensors, named by what leads to them', async () => {
    const state = new Map<unknown, unknown>([
      ['weight', vector('0', 2)],
      ['bias', vector('1', 1)],
    ])
    const value = new Map<unknown, unknown>([
      ['state', state],
      ['epoch', 3],
      ['parts', [vector('1', 1), null, true, 'é']],
    ])
    const { value: read, tensors } = await readTorchCheckpoint(torchFile(value, { 0: floats(1, 2), 1: floats(3) }))
    expect([...tensors.keys()]).toEqual(['state.weight', 'state.bias', 'parts.0'])
    expect(await valuesOf(tensors.get('state.weight'))).toEqual([1, 2])
    expect(await valuesOf(tensors.get('parts.0'))).toEqual([3])
    expect((read as Map<string, unknown>).get('epoch')).toBe(3)
    expect((read as Map<string, unknown[]>).get('parts')!.slice(1)).toEqual([null, true, 'é'])
  })

  it.each([
    ['deflated', { deflate: true }],
    ['Zip64', { zip64: true }],
  ])('reads %s archives', async (_, options) => {
    const file = torchFile(new Map([['w', vector('0', 300)]]), { 0: floats(...Array(300).keys()) }, options)
    const { tensors } = await readTorchCheckpoint(file)
    expect(await valuesOf(tensors.get('w'))).toEqual([...Array(300).keys()])
  })

  it('reads the format before version 1.6', async () => {
    const value = new Map([
      ['a', vector('x', 2)],
      ['b', { ...vector('x', 2), shape: [1], offset: 1 }],
    ])
    const { tensors } = await readTorchCheckpoint(legacyTorchFile(value, { x: floats(5, 6) }, 4))
    expect(await valuesOf(tensors.get('a'))).toEqual([5, 6])
    expect(await valuesOf(tensors.get('b'))).toEqual([6])
  })

  it('gathers any strides, as one value at a time does', async () => {
    const axis = fc.record({ size: fc.integer({ min: 0, max: 4 }), step: fc.integer({ min: 0, max: 5 }) })
    const layout = fc.tuple(fc.array(axis, { maxLength: 4 }), fc.integer({ min: 0, max: 3 }))
    const types = fc.constantFrom(
      ['ByteStorage', Uint8Array],
      ['ShortStorage', Uint16Array],
      ['LongStorage', BigUint64Array],
    )
    await fc.assert(
      fc.asyncProperty(layout, types, async ([axes, offset], type) => {
        const [storage, kind] = type as [string, Uint8ArrayConstructor]
        const count = 64
        const all = kind.from({ length: count }, (_, i) => (storage === 'LongStorage' ? BigInt(i) : i) as number)
        const [shape, stride] = [axes.map(({ size }) => size), axes.map(({ step }) => step)]
        const expected = places(shape, stride).map((place) => place + offset)
        fc.pre(Math.max(-1, ...expected) < count)
        const recipe: TensorRecipe = { storage, key: '0', count, offset, shape, stride }
        const { tensors } = await readTorchCheckpoint(torchFile([recipe], { 0: new Uint8Array(all.buffer) }))
        const bytes = await tensors.get('0')!.read()
        expect([...new kind(bytes.buffer as ArrayBuffer)].map(Number)).toEqual(expected)
      }),
    )
  })

  const wrong: readonly [what: string, file: Uint8Array, message: RegExp][] = [
    [
      'a name that tensors do not need',
      torchFile(operationsOf(globalNamed('posix', 'system'))),
      /"posix.system".*hostile/,
    ],
    [
      'names of JavaScript',
      torchFile(operationsOf(globalNamed('__proto__', 'constructor'))),
      /"__proto__.constructor"/,
    ],
    [
      'a call of a storage type',
      torchFile(operationsOf(globalNamed('torch', 'FloatStorage'), operations([]), 'R')),
      /calls "torch.FloatStorage"/,
    ],
    [
      'an operation that weights do not need',
      torchFile(operationsOf(operations([]), operations([]), '\u0081')),
      /0x81/,
    ],
    [
      'a tensor beyond its storage',
      torchFile([{ ...vector('0', 2), shape: [3] }], { 0: floats(1, 2) }),
      /beyond the 2 F32/,
    ],
    ['a storage of another size', torchFile([vector('0', 3)], { 0: floats(1, 2) }), /"0" has 8 bytes/],
    ['a storage that is not there', torchFile([vector('1', 2)], { 0: floats(1, 2) }), /"1" is not in the file/],
    [
      'a tensor of 2^60 values',
      torchFile([{ ...vector('0', 1), shape: [2 ** 30, 2 ** 30], stride: [0, 0] }], { 0: floats(1) }),
      /without end/,
    ],
    ['a storage of 2^55 values', torchFile([vector('0', 2 ** 55 - 1)], { 0: floats(1) }), /./],
    ['a class that is no value', torchFile(operationsOf(globalNamed('collections', 'OrderedDict'))), /no plain value/],
    ['a list within itself', torchFile(operationsOf(']q\u0000h\u0000a')), /without end/],
    ['an archive without a pickle', zipOf({ 'archive/version': new Uint8Array() }), /no data.pkl/],
    ['a file that is no archive', new Uint8Array(100), /no directory/],
    ['an empty file', new Uint8Array(), /no directory/],
    ['a bomb', bomb(), /cannot hold 4000000000 bytes/],
    [
      'an old file that is cut off',
      legacyTorchFile(new Map([['a', vector('x', 2)]]), { x: floats(1, 2) }, 4).slice(0, -1),
      /ends within storage "x"/,
    ],
    ['more lists than memory holds', torchFile(operationsOf('}'.repeat(2_000_001))), /more than 2000000/],
  ]
  it.each(wrong)('refuses %s', async (_, file, message) => {
    await expect(readTorchCheckpoint(file)).rejects.toMatchObject(invalid(message))
  })

  it('refuses a deflated storage that ends early, or is damaged, when it is read', async () => {
    const read = async (change: (file: Uint8Array, entry: number) => void) => {
      const file = torchFile([vector('0', 600)], { 0: new Uint8Array(2000) }, { deflate: true })
      change(file, entries(file, 1).at(-1)!)
      return (await readTorchCheckpoint(file)).tensors.get('0')!.read()
    }
    const claim = (file: Uint8Array, entry: number) => new DataView(file.buffer).setUint32(entry + 24, 2400, true)
    await expect(read(claim)).rejects.toMatchObject(invalid(/"archive.data.0" is damaged/))
    const spoil = (file: Uint8Array, entry: number) => {
      claim(file, entry)
      const start = entries(file, 3).at(-1)! + 30 + 'archive/data/0'.length
      file.fill(0xff, start, start + 4)
    }
    await expect(read(spoil)).rejects.toMatchObject(invalid(/is damaged/))
  })
})

/** Where the headers of an archive are: in its directory (1), or before its files (3). */
function entries(file: Uint8Array, kind: 1 | 3): number[] {
  return [...file.keys()].filter(
    (i) => file[i] === 0x50 && file[i + 1] === 0x4b && file[i + 2] === kind && file[i + 3] === kind + 1,
  )
}

/** The places of a tensor's values, row-major. */
function places(shape: readonly number[], stride: readonly number[]): number[] {
  const [size, ...rest] = shape
  if (size === undefined) return [0]
  return Array.from({ length: size }, (_, i) =>
    places(rest, stride.slice(1)).map((place) => place + i * stride[0]!),
  ).flat()
}

function operationsOf(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...part].map((each) => each.charCodeAt(0)) : [...part])),
  )
}

/** An archive whose pickle claims to grow to 4 GB. */
function bomb(): Uint8Array {
  const file = zipOf({ 'archive/data.pkl': pickleOf(null) }, { deflate: true })
  const [entry = 0] = entries(file, 1)
  new DataView(file.buffer).setUint32(entry + 24, 4_000_000_000, true)
  return file
}

const folder = join(
  process.env.PERSTREAM_SHARED ?? join(import.meta.dirname, '../../../../../shared'),
  'models/projection-mlp-golden',
)
const shared = existsSync(folder)
const skipped = shared ? '' : ' (skipped: no shared material)'

interface Golden {
  readonly checkpoint: { readonly metadata: Record<string, unknown>; readonly epoch: number; readonly val_loss: number }
  readonly odd_tensors: {
    readonly text: string
    readonly tensors: Readonly<Record<string, { dtype: string; shape: number[]; values: (number | string)[] }>>
  }
}

const golden = async () => JSON.parse(await readFile(join(folder, 'golden.json'), 'utf8')) as Golden

describe('files of PyTorch', () => {
  it.skipIf(!shared).each(['projection_mlp.pt', 'projection_mlp.legacy-format.pt'])(
    `reads %s${skipped}`,
    async (name) => {
      await using source = await fileSource(join(folder, name))
      const { value, tensors } = await readTorchCheckpoint(source)
      const { checkpoint } = await golden()
      const read = value as ReadonlyMap<string, unknown>
      expect(Object.fromEntries(read.get('metadata') as Map<string, unknown>)).toEqual(checkpoint.metadata)
      expect([read.get('epoch'), read.get('val_loss')]).toEqual([checkpoint.epoch, checkpoint.val_loss])
      const expected = await openSafetensors(bytesSource('golden', await readFile(join(folder, 'golden.safetensors'))))
      expect(tensors.size).toBe(10)
      for (const [path, tensor] of tensors) {
        const entry = expected.tensors.get(`best.${path.slice('model_state_dict.'.length)}`)!
        expect(tensor.shape).toEqual(entry.shape)
        expect(await tensor.read()).toEqual(await expected.source.read(entry.offset, entry.length))
      }
    },
  )

  it.skipIf(!shared)(`reads odd-tensors.pt: every type, view and stride${skipped}`, async () => {
    await using source = await fileSource(join(folder, 'odd-tensors.pt'))
    const { value, tensors } = await readTorchCheckpoint(source)
    const { odd_tensors: odd } = await golden()
    const read = value as ReadonlyMap<string, unknown>
    expect(read.get('numbers')).toEqual([1, -2, 3.5, null, true, 2n ** 70n])
    expect(read.get('text')).toBe(odd.text)
    for (const [name, { shape, values }] of Object.entries(odd.tensors)) {
      const tensor = tensors.get(`tensors.${name}`)!
      expect(tensor.shape).toEqual(shape)
      expect(numbersOf(tensor.type, await tensor.read())).toEqual(values)
    }
    expect(tensors.size).toBe(Object.keys(odd.tensors).length)
  })

  it.skipIf(!shared)(`refuses evil.pt, which would run a command${skipped}`, async () => {
    await using source = await fileSource(join(folder, 'evil.pt'))
    await expect(readTorchCheckpoint(source)).rejects.toMatchObject({
      code: 'model-invalid',
      fields: { global: 'posix.system' },
    })
    expect(existsSync('/tmp/perstream-pwned')).toBe(false)
  })
})

/** The values as the golden file writes them: whole numbers of 64 bits as text. */
function numbersOf(type: string, bytes: Uint8Array): (number | string)[] {
  const { buffer } = bytes.slice()
  if (type === 'I64') return [...new BigInt64Array(buffer)].map(String)
  if (type === 'I32') return [...new Int32Array(buffer)]
  if (type === 'F64') return [...new Float64Array(buffer)]
  return type === 'U8' || type === 'BOOL' ? [...bytes] : [...toFloat32(type as 'F32', bytes)]
}
