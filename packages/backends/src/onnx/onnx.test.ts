import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createGraph, encodeModel } from '@perstream/onnx'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../onnx'

const graph = createGraph()
graph.output('y', graph.node('Relu', [graph.input('x', 'float32', [2])]), 'float32', [2])
const model = encodeModel(graph.build())
const x = { type: 'float32', shape: [2], data: Float32Array.of(-1, 2) } as const

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
    expect(lacking.map(({ device }) => device)).toContain('wasm')
    for (const { device, detail } of lacking) {
      const refusal = { code: 'device-unavailable', message: expect.stringContaining(detail) }
      await expect(runtime.open({ bytes: model }, { device })).rejects.toMatchObject(refusal)
    }
  })

  it('refuses a number of threads that is none', async () => {
    expect(() => createOnnxRuntime({ threads: 0 })).toThrow(/threads is 0/)
    await expect(createOnnxRuntime().open({ bytes: model }, { threads: 1.5 })).rejects.toThrow(TypeError)
  })
})
