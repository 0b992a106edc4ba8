import { PerStreamError } from '@perstream/spec'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  bytesSource,
  createGraph,
  decodeModel,
  encodeModel,
  openSafetensors,
  readTensorData,
  readTorchCheckpoint,
} from '../src/index'
import { ProtoWriter } from '../src/protobuf'
import { safetensorsOf } from './folder'
import { globalNamed, legacyTorchFile, pickleOf, torchFile, zipOf } from './torch-file'

/** Runs a property; the long form is PERSTREAM_FUZZ=100000. */
const numRuns = Number(process.env.PERSTREAM_FUZZ ?? 600)
const slowest = 5000

vi.setConfig({ testTimeout: Math.max(60_000, numRuns * 20) })

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
/** Numbers that formats choke on, as 8 bytes. */
const number = fc.constantFrom(0n, 1n, 0x7fffffffn, 0xffffffffn, 2n ** 53n, 2n ** 60n, 2n ** 63n - 1n, 2n ** 64n - 1n)

/** What is done to the bytes of a file. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('set' as const), place, byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('cut' as const), place }),
  fc.record({ kind: fc.constant('number' as const), place, number, size: fc.constantFrom(2, 4, 8) }),
  fc.record({ kind: fc.constant('insert' as const), place, bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
  fc.record({ kind: fc.constant('repeat' as const), place, length: fc.nat(60), times: fc.nat(40) }),
  fc.record({ kind: fc.constant('drop' as const), place, length: fc.nat(30) }),
)
type Damage = typeof damage extends fc.Arbitrary<infer Value> ? Value : never

function damaged(bytes: Uint8Array, how: Damage): Uint8Array {
  const at = Math.floor(how.place * bytes.length)
  const splice = (drop: number, ...more: Uint8Array[]) =>
    new Uint8Array(Buffer.concat([bytes.subarray(0, at), ...more, bytes.subarray(at + drop)]))
  if (how.kind === 'flip') return splice(1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << how.bit)))
  if (how.kind === 'set') return splice(1, Uint8Array.of(how.byte))
  if (how.kind === 'cut') return bytes.slice(0, at)
  if (how.kind === 'number') return splice(how.size, new Uint8Array(BigUint64Array.of(how.number).buffer, 0, how.size))
  if (how.kind === 'insert') return splice(0, how.bytes)
  if (how.kind === 'drop') return splice(how.length)
  return splice(0, ...Array<Uint8Array>(how.times).fill(bytes.subarray(at, at + how.length)))
}

const damages = fc.array(damage, { minLength: 1, maxLength: 4 })
const spoil = (bytes: Uint8Array, list: readonly Damage[]) => list.reduce(damaged, bytes)

/** Reads what is left; it is read, or refused by name, within time. */
async function readsOrRefuses(read: () => unknown): Promise<void> {
  const start = performance.now()
  try {
    await read()
  } catch (error) {
    if (!PerStreamError.isInstance(error)) throw error
    expect(['model-invalid', 'model-unsupported']).toContain(error.code)
  }
  expect(performance.now() - start).toBeLessThan(slowest)
}

async function fuzz(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown): Promise<void> {
  await fc.assert(
    fc.asyncProperty(damages, (list) => readsOrRefuses(() => read(spoil(bytes, list)))),
    { numRuns },
  )
}

async function readSafetensors(bytes: Uint8Array): Promise<void> {
  const source = bytesSource('file', bytes)
  for (const { offset, length } of (await openSafetensors(source)).tensors.values()) {
    expect((await source.read(offset, length)).length).toBe(length)
  }
}

async function readTorch(bytes: Uint8Array): Promise<void> {
  const { tensors } = await readTorchCheckpoint(bytes)
  for (const tensor of tensors.values()) await tensor.read()
}

function readOnnx(bytes: Uint8Array): void {
  const { graph } = decodeModel(bytes)
  for (const tensor of graph.initializers)
    if (tensor.data instanceof Uint8Array && tensor.type !== 'bfloat16') readTensorData(tensor)
}

const onnxFile = () => {
  const branch = createGraph({ name: 'branch' })
  branch.output('z', branch.scalar(1), 'float32', [])
  const graph = createGraph({ name: 'graph' })
  const x = graph.input('x', 'float32', ['n', 3])
  graph.external('w', 'bfloat16', [4], { location: 'weights', offset: 8, length: 8 })
  const attributes = {
    then_branch: { type: 'graph' as const, value: branch.build().graph },
    axes: [1, -2, 300],
    names: ['a', 'b'],
    value: { type: 'tensor' as const, value: branch.build().graph.initializers[0]! },
    scale: { type: 'floats' as const, value: [0.5, 2] },
  }
  graph.output('y', graph.node('Any', [x, graph.int64([1, 2])], { attributes }), 'float32', ['n', 3])
  return encodeModel({ ...graph.build(), metadata: { author: 'me' } })
}

const values = new Map<unknown, unknown>([
  [
    'state',
    new Map([['weight', { storage: 'FloatStorage', key: '0', count: 12, offset: 1, shape: [2, 3], stride: [1, 3] }]]),
  ],
  ['other', { storage: 'FloatStorage', key: '0', count: 12, shape: [12], stride: [1] }],
  ['parts', [1, null, true, 'text', [2, 3]]],
])
const storage = new Uint8Array(Float32Array.from({ length: 12 }, (_, i) => i).buffer)

describe('damaged files', () => {
  it('of safetensors are read or refused', () => fuzz(safetensorsOf({ a: [1, 2, 3], b: [4], c: [] }), readSafetensors))
  it('of ONNX are read or refused', () => fuzz(onnxFile(), readOnnx))
  it.each([
    ['PyTorch', torchFile(values, { 0: storage })],
    ['PyTorch, deflated', torchFile(values, { 0: storage }, { deflate: true })],
    ['PyTorch, Zip64', torchFile(values, { 0: storage }, { zip64: true })],
    ['PyTorch before 1.6', legacyTorchFile(values, { 0: storage }, 4)],
  ])('of %s are read or refused', (_, file) => fuzz(file, readTorch))

  it('with a damaged pickle in a whole archive are read or refused', () =>
    fuzz(pickleOf(values), (pickle) => readTorch(zipOf({ 'a/data.pkl': pickle, 'a/data/0': storage }))))

  it('that are anything are refused', async () => {
    const operations = fc.array(
      fc.constantFrom(...'(.0N})]tRbQuasecq\u0000h\u0000\u0085\u0086\u0093\u0094K\u0001U\u0001xM\u0001\u0000'),
      { maxLength: 60 },
    )
    const pickle = operations.map((list) => Uint8Array.from([0x80, 2, ...list.map((each) => each.charCodeAt(0)), 0x2e]))
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), pickle), async (bytes) => {
        await readsOrRefuses(() => readSafetensors(bytes))
        await readsOrRefuses(() => readOnnx(bytes))
        await readsOrRefuses(() => readTorch(bytes))
        await readsOrRefuses(() => readTorch(zipOf({ 'a/data.pkl': bytes })))
      }),
      { numRuns },
    )
  })
})

describe('files that claim more than they hold', () => {
  const text = (value: string) => new TextEncoder().encode(value)
  const header = (json: string) => {
    const bytes = new Uint8Array(8 + json.length)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
    bytes.set(text(json), 8)
    return bytes
  }
  const length = (value: bigint) => new Uint8Array(BigUint64Array.of(value).buffer)
  const onnxTensor = (tensor: ProtoWriter) =>
    new ProtoWriter().message(7, new ProtoWriter().message(5, tensor)).finish()
  const huge = [2n ** 30n, 2n ** 30n]
  const nested = (depth: number): ProtoWriter => {
    const graph = new ProtoWriter()
    if (depth === 0) return graph
    const attribute = new ProtoWriter()
      .text(1, 'body')
      .message(6, nested(depth - 1))
      .integer(20, 5)
    return graph.message(1, new ProtoWriter().message(5, attribute))
  }
  const manyNodes = () => {
    const node = Uint8Array.of(0x0a, 0)
    const nodes = new Uint8Array(node.length * 2_000_001)
    for (let i = 0; i < nodes.length; i += 2) nodes.set(node, i)
    return new ProtoWriter().bytes(7, nodes).finish()
  }
  const pickle = (...parts: Uint8Array[]) =>
    zipOf({ 'a/data.pkl': new Uint8Array(Buffer.concat([Uint8Array.of(0x80, 2), ...parts, text('.')])) })

  const claims: readonly [what: string, read: () => unknown][] = [
    ['a safetensors header of 2^60 bytes', () => readSafetensors(length(2n ** 60n))],
    [
      'a tensor of 2^60 values in safetensors',
      () =>
        readSafetensors(
          header('{"a":{"dtype":"U8","shape":[1073741824,1073741824],"data_offsets":[0,1152921504606846976]}}'),
        ),
    ],
    [
      'a tensor of 2^60 values in ONNX',
      () => readOnnx(onnxTensor(new ProtoWriter().integers(1, huge).integer(2, 1).bytes(9, new Uint8Array(4)))),
    ],
    [
      'a tensor of no values whose size is 2^60 in ONNX',
      () => readOnnx(onnxTensor(new ProtoWriter().integers(1, huge).integer(2, 7))),
    ],
    ['ONNX bytes of 2^60', () => readOnnx(Uint8Array.of(0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10))],
    ['graphs within graphs', () => readOnnx(new ProtoWriter().message(7, nested(1000)).finish())],
    ['more nodes than memory holds', () => readOnnx(manyNodes())],
    ['text of 2^60 bytes in a pickle', () => readTorch(pickle(Uint8Array.of(0x8d), length(2n ** 60n)))],
    ['a number of 2^31 bytes in a pickle', () => readTorch(pickle(Uint8Array.of(0x8b, 0xff, 0xff, 0xff, 0x7f)))],
    ['lists within lists in a pickle', () => readTorch(pickle(text(']'.repeat(200_000)), text('a'.repeat(199_999))))],
    ['a long name in a pickle', () => readTorch(pickle(globalNamed('m'.repeat(1e5), 'n')))],
    ['a directory of 2^32 bytes in an archive', () => readTorch(claimDirectory())],
  ]
  it.each(claims)('%s: refused, without the memory', async (_, read) => {
    const before = process.memoryUsage().arrayBuffers
    await expect((async () => read())()).rejects.toSatisfy((error) => PerStreamError.isInstance(error))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
  })

  it('a long list in ONNX is read', () => {
    const count = 300_000
    const tensor = new ProtoWriter().integers(1, [count]).integer(2, 7).integers(7, Array(count).fill(1))
    const { initializers } = decodeModel(onnxTensor(tensor)).graph
    expect(readTensorData(initializers[0]!).data.length).toBe(count)
  })
})

function claimDirectory(): Uint8Array {
  const file = zipOf({ 'a/data.pkl': pickleOf(null) })
  new DataView(file.buffer).setUint32(file.length - 10, 0xfffffff0, true)
  return file
}
