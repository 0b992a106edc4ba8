import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createGraph, encodeModel, type GraphValue } from '@perstream/onnx'
import { type ExternalWeights, type ModelSource, type OpenModelOptions, PerStreamError } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOnnxRuntime, type ModelHub, serveOnnxWorker } from '../onnx'

const graph = createGraph()
graph.output('y', graph.node('Relu', [graph.input('x', 'float32', [2])]), 'float32', [2])
const model = encodeModel(graph.build())
const x = { type: 'float32', shape: [2], data: Float32Array.of(-1, 2) } as const

/** A model that is told by the name of its output. */
function named(name: string): Uint8Array {
  const each = createGraph()
  each.output(name, each.input('x', 'float32', [2]), 'float32', [2])
  return encodeModel(each.build())
}

/** y = x + w, with w in a file. */
function weighted(location: string): Uint8Array {
  const each = createGraph()
  const w = each.external('w', 'float32', [2], { location, offset: 0, length: 8 })
  each.output('y', each.node('Add', [each.input('x', 'float32', [2]), w]), 'float32', [2])
  return encodeModel(each.build())
}

describe('createOnnxRuntime', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perstream-'))
    await writeFile(join(folder, 'relu.onnx'), model)
    await writeFile(join(folder, 'broken.onnx'), 'no model')
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('takes the cpu when nothing better works, and says so', async () => {
    const runtime = createOnnxRuntime()
    const cuda = (await runtime.capabilities()).find(({ device }) => device === 'cuda')!
    await using session = await runtime.open({ bytes: model })
    expect(session.device).toBe(cuda.available ? 'cuda' : 'cpu')
  })

  it('opens files and file URLs', async () => {
    for (const source of [
      { path: join(folder, 'relu.onnx') },
      { url: pathToFileURL(join(folder, 'relu.onnx')).href },
    ]) {
      await using session = await createOnnxRuntime().open(source)
      expect([...(await session.run({ x })).y!.data]).toEqual([0, 2])
    }
  })

  it('opens models over HTTP, and says what a server answered', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/relu.onnx') response.end(model)
      else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    try {
      await using session = await createOnnxRuntime().open({ url: `http://127.0.0.1:${port}/relu.onnx` })
      expect([...(await session.run({ x })).y!.data]).toEqual([0, 2])
      const missing = createOnnxRuntime().open({ url: `http://127.0.0.1:${port}/none.onnx` })
      await expect(missing).rejects.toMatchObject({ code: 'model-missing', message: expect.stringContaining('404') })
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('names the file of a broken model, a folder, and a file that is not there', async () => {
    const open = (path: string) => createOnnxRuntime().open({ path })
    const broken = join(folder, 'broken.onnx')
    await expect(open(broken)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining(broken),
    })
    await expect(open(folder)).rejects.toMatchObject({ code: 'model-missing' })
    await expect(open(join(folder, 'none'))).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('refuses operations that the runtime does not have', async () => {
    const strange = createGraph()
    strange.output('y', strange.node('Frobnicate', [strange.input('x', 'float32', [2])]), 'float32', [2])
    const opening = createOnnxRuntime().open({ bytes: encodeModel(strange.build()) })
    await expect(opening).rejects.toMatchObject({
      code: 'model-unsupported',
      message: expect.stringContaining('Frobnicate'),
    })
  })

  it('tells what a device lacks that does not work here', async () => {
    const runtime = createOnnxRuntime()
    const lacking = (await runtime.capabilities()).filter(({ available }) => !available)
    expect(lacking.map(({ device }) => device)).toContain('tensorrt')
    for (const { device, detail } of lacking) {
      const refusal = { code: 'device-unavailable', message: expect.stringContaining(detail) }
      await expect(runtime.open({ bytes: model }, { device })).rejects.toMatchObject(refusal)
    }
  })

  it('takes the finest file of a folder that the device computes, or the one that is asked for', async () => {
    const path = join(folder, 'published')
    await mkdir(join(path, 'onnx'), { recursive: true })
    for (const suffix of ['_fp16', '_q4', '_q4f16'])
      await writeFile(join(path, `onnx/model${suffix}.onnx`), named(suffix))
    const opened = async (options: OpenModelOptions) => {
      await using session = await createOnnxRuntime().open({ folder: path }, { device: 'cpu', ...options })
      return session.outputs[0]!.name
    }
    expect(await opened({})).toBe('_fp16')
    expect(await opened({ dtype: 'q4' })).toBe('_q4')
    await expect(opened({ dtype: 'int8' })).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringContaining('model_quantized.onnx'),
    })
    await expect(opened({ dtype: 'f8' as never })).rejects.toThrow(/dtype is "f8".*q4f16/)
    const missing = createOnnxRuntime().open({ folder: path, name: 'decoder' }, { device: 'cpu' })
    await expect(missing).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringContaining('decoder.onnx'),
    })
  })

  it('fetches a model and its weights from a hub, and says when it has none', async () => {
    const kept = join(folder, 'hub')
    await mkdir(kept)
    await writeFile(join(kept, 'a.onnx'), weighted('b.bin'))
    await writeFile(join(kept, 'renamed'), new Uint8Array(Float32Array.of(3, 4).buffer))
    const asked: string[] = []
    const hub: ModelHub = {
      async file(id, path, { revision }) {
        asked.push(`${id} ${path} ${revision}`)
        if (path === 'onnx/model_q4.onnx') return join(kept, 'a.onnx')
        if (path === 'onnx/b.bin') return join(kept, 'renamed')
        throw new PerStreamError('model-missing', `none of ${path}`)
      },
    }
    for (const device of ['cpu', 'wasm'] as const) {
      asked.length = 0
      await using session = await createOnnxRuntime({ hub }).open({ hub: 'me/it', revision: 'v1' }, { device })
      expect([...(await session.run({ x })).y!.data]).toEqual([2, 6])
      expect(asked.at(-1)).toBe('me/it onnx/b.bin v1')
      expect(asked).toContain('me/it onnx/model.onnx v1')
    }
    const none = createOnnxRuntime({ hub }).open({ hub: 'me/it', name: 'none' }, { device: 'cpu' })
    await expect(none).rejects.toMatchObject({ code: 'model-missing' })
    const without = createOnnxRuntime().open({ hub: 'me/it' }, { device: 'cpu' })
    await expect(without).rejects.toMatchObject({ code: 'model-missing', message: expect.stringContaining('`hub`') })
  })

  it('finds weights beside a model, under another name, and for a model of bytes', async () => {
    const [path, place] = [join(folder, 'weighted.onnx'), join(folder, 'w.bin')]
    await writeFile(path, weighted('w.bin'))
    await writeFile(place, new Uint8Array(Float32Array.of(3, 4).buffer))
    await writeFile(join(folder, 'other.bin'), new Uint8Array(Float32Array.of(5, 6).buffer))
    const given = (data: ExternalWeights['data']) => ({ externalData: [{ location: 'w.bin', data }] })
    for (const device of ['cpu', 'wasm'] as const) {
      const sum = async (source: ModelSource, options: OpenModelOptions = {}) => {
        await using session = await createOnnxRuntime().open(source, { device, ...options })
        return [...(await session.run({ x })).y!.data]
      }
      expect(await sum({ path })).toEqual([2, 6])
      expect(await sum({ path }, given({ path: join(folder, 'other.bin') }))).toEqual([4, 8])
      expect(await sum({ bytes: weighted('w.bin') }, given({ path: place }))).toEqual([2, 6])
      expect(await sum({ bytes: weighted('w.bin') }, given({ url: pathToFileURL(place).href }))).toEqual([2, 6])
    }
    await writeFile(join(folder, 'outside.onnx'), weighted('../w.bin'))
    await expect(createOnnxRuntime().open({ path: join(folder, 'outside.onnx') })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('outside its folder'),
    })
  })

  it.each(['cpu', 'wasm'] as const)('tells when the memory of %s is not enough, and stays usable', async (device) => {
    const huge = createGraph()
    const size = huge.input('size', 'int64', [1])
    huge.output('y', huge.node('ConstantOfShape', [size]), 'float32', ['n'])
    await using session = await createOnnxRuntime().open({ bytes: encodeModel(huge.build()) }, { device })
    const sized = (count: bigint) => ({ size: { type: 'int64', shape: [1], data: BigInt64Array.of(count) } as const })
    await expect(session.run(sized(2n ** 44n))).rejects.toMatchObject({ code: 'out-of-memory' })
    expect((await session.run(sized(3n))).y!.shape).toEqual([3])
  })

  it('gives a run up that does not end in time, with its thread, and goes on in a new one', async () => {
    const wide = { type: 'float32', shape: [1024, 1024], data: new Float32Array(1024 * 1024) } as const
    const productsOf = (count: number) => {
      const graph = createGraph()
      let value: GraphValue = graph.input('x', 'float32', [1024, 1024])
      for (let i = 0; i < count; i++) value = graph.node('MatMul', [value, value])
      graph.output('y', value, 'float32', [1024, 1024])
      return encodeModel(graph.build())
    }
    await using short = await createOnnxRuntime({ threads: 1 }).open({ bytes: productsOf(20) }, { device: 'cpu' })
    await short.run({ x: wide })
    const before = performance.now()
    await short.run({ x: wide })
    const milliseconds = (performance.now() - before) / 20
    const runtime = createOnnxRuntime({ watchdogSeconds: 4, threads: 1 })
    const session = await runtime.open({ bytes: productsOf(Math.ceil(10_000 / milliseconds)) }, { device: 'cpu' })
    const lost = { code: 'device-lost', message: expect.stringContaining('within 4 s') }
    await expect(session.run({ x: wide })).rejects.toMatchObject(lost)
    await expect(session.run({ x: wide })).rejects.toMatchObject({ code: 'device-lost' })
    await session[Symbol.asyncDispose]()
    await using again = await runtime.open({ bytes: model }, { device: 'cpu' })
    expect([...(await again.run({ x })).y!.data]).toEqual([0, 2])
    // The run cannot be stopped: a process that ended before it would end badly.
    await new Promise((resolve) => setTimeout(resolve, 12_000))
  })

  it('sends a thread the part of a buffer that it is fed, not all of it', async () => {
    const whole = new Float32Array(1 << 24)
    whole.set([-3, 4], 1000)
    await using session = await createOnnxRuntime({ threads: 1 }).open({ bytes: model }, { device: 'cpu' })
    const start = performance.now()
    for (let i = 0; i < 20; i++) {
      const part = whole.subarray(1000, 1002)
      expect([...(await session.run({ x: { ...x, data: part } })).y!.data]).toEqual([0, 4])
    }
    const took = performance.now() - start
    const copying = performance.now()
    structuredClone(whole)
    expect(took).toBeLessThan(20 * (performance.now() - copying))
    expect(whole.length).toBe(1 << 24)
  })

  it('says why a device was chosen', async () => {
    const { device, reason } = await createOnnxRuntime().choose()
    if (device === 'cpu') expect(reason).toMatch(/cpu always works; not cuda: .*; not webgpu: /)
    else expect(reason).toContain(`${device} works here`)
    await expect(createOnnxRuntime().choose({ signal: AbortSignal.abort('stop') })).rejects.toBe('stop')
  })

  it('refuses options that mean nothing here', () => {
    expect(() => createOnnxRuntime({ worker: () => expect.fail() })).toThrow(/worker is a function/)
    expect(() => createOnnxRuntime({ watchdogSeconds: 0 })).toThrow(/watchdogSeconds is 0/)
    expect(() => serveOnnxWorker()).toThrow(/Web Workers/)
  })

  it('refuses a number of threads that is none', async () => {
    expect(() => createOnnxRuntime({ threads: 0 })).toThrow(/threads is 0/)
    await expect(createOnnxRuntime().open({ bytes: model }, { threads: 1.5 })).rejects.toThrow(TypeError)
  })
})
