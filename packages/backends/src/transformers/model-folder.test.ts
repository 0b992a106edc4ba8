import { readFile, truncate } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createGraph } from '@perstream/onnx'
import type { TensorRuntime } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../onnx'
import { createTransformersVisionEncoder } from '../transformers'
import { frameOf, type LookAlikeFolder, lookAlikeFolder, matrix, patchRows, picture } from './look-alikes'
import { openModelFolder } from './model-folder'
import { nodePlatform } from './node-platform'
import { openSessions } from './open-sessions'

const width = 12
let folder: LookAlikeFolder
let server: Server
let url: string
const asked: string[] = []

beforeAll(async () => {
  folder = await lookAlikeFolder()
  await folder.json('config.json', { model_type: 'siglip', vision_config: { patch_size: 8, hidden_size: width } })
  await folder.json('preprocessor_config.json', { size: { width: 16, height: 16 }, do_normalize: false })
  const graph = createGraph({ name: 'vision' })
  const pixels = graph.input('pixel_values', 'float32', ['b', 3, 'h', 'w'])
  graph.output('last_hidden_state', patchRows(graph, pixels, matrix(192, width, 1), 8), 'float32', ['b', 'n', width])
  await folder.model('vision_model_quantized', graph)
  server = createServer((request, response) => {
    asked.push(request.url!)
    if (request.url!.startsWith('/private')) return response.writeHead(401).end()
    readFile(join(folder.path, request.url!.replace('/models/siglip', ''))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  await folder.remove()
})

describe('the folder of a model', () => {
  it('may be at a URL, and gives the same as on the disk, with the finest file that is there', async () => {
    await using here = await createTransformersVisionEncoder({ model: folder.path, device: 'cpu' })
    await using there = await createTransformersVisionEncoder({ model: `${url}/models/siglip/`, device: 'cpu' })
    const frame = frameOf(picture(16, 16))
    const [[one], [other]] = [await here.encode([frame]), await there.encode([frame])]
    expect(other!.data).toEqual(one!.data)
    expect(there.space).toBe('siglip-siglip')
    expect(asked).toContain('/models/siglip/onnx/vision_model_quantized.onnx')
  })

  it('says what is wrong with a place', async () => {
    const open = (model: string) => createTransformersVisionEncoder({ model })
    await expect(open('')).rejects.toThrow(TypeError)
    await expect(open(`${url}/nothing/here`)).rejects.toMatchObject({ code: 'model-missing' })
    await expect(open(`${url}/private`)).rejects.toThrow(/answered 401/)
    await expect(open('http://127.0.0.1:9/model')).rejects.toMatchObject({ code: 'service-unreachable' })
  })

  it('says what is wrong with its files', async () => {
    const broken = await lookAlikeFolder()
    await broken.json('config.json', {})
    await truncate(join(broken.path, 'config.json'), 1)
    await expect(openModelFolder(broken.path, nodePlatform).readJson('config.json')).rejects.toMatchObject({
      code: 'model-invalid',
    })
    await broken.json('config.json', { model_type: 'siglip', vision_config: { patch_size: 8, hidden_size: width } })
    await broken.json('preprocessor_config.json', { size: { width: 16, height: 16 } })
    await broken.model('vision_model', createGraph())
    await truncate(join(broken.path, 'onnx', 'vision_model.onnx'), 3)
    await expect(createTransformersVisionEncoder({ model: broken.path, device: 'cpu' })).rejects.toMatchObject({
      code: 'model-invalid',
    })
    await broken.remove()
  })
})

describe('sessions that are opened together', () => {
  it('are all closed when one of them cannot be opened', async () => {
    const runtime = createOnnxRuntime()
    let closed = 0
    const counting: TensorRuntime = {
      ...runtime,
      async open(...args) {
        const session = await runtime.open(...args)
        const close = async () => {
          closed++
          await session[Symbol.asyncDispose]()
        }
        return { ...session, [Symbol.asyncDispose]: close }
      },
    }
    const model = openModelFolder(folder.path, nodePlatform)
    const opening = openSessions({
      first: () => model.open(counting, 'vision_model', { device: 'cpu' }),
      second: () => model.open(counting, 'decoder', { device: 'cpu' }),
    })
    await expect(opening).rejects.toMatchObject({ code: 'model-missing' })
    expect(closed).toBe(1)
  })
})
