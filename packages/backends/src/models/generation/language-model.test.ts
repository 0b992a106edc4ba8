import { describe, expect, it } from 'vitest'
import { checkGoldenCases } from '../../../test/check-golden-cases'
import { modelFolder, tinyModels } from '../../../test/golden'
import { createOnnxRuntime } from '../../onnx'
import { madeFolder } from '../made-checkpoint'
import { openLanguageModel } from '../open-language-model'
import { shared } from '../test-material'

describe.skipIf(!shared).each(tinyModels)('golden cases of %s (skipped without shared material)', (name) => {
  const runtime = createOnnxRuntime({ threads: 1, worker: false })

  it('pass over the ready-made models', async () => {
    await using parts = await openLanguageModel(modelFolder(name), { runtime, device: 'cpu', from: 'onnx' })
    expect(await checkGoldenCases(parts, name)).toBeLessThan(1e-4)
  })

  it('pass over the published weights, one layer a session', async () => {
    await using cache = await madeFolder()
    const split = { device: 'cpu', from: 'checkpoint', layersPerPart: 1, cacheFolder: cache.path } as const
    await using parts = await openLanguageModel(modelFolder(name), { runtime, ...split })
    expect(parts.decoder).toHaveLength(3)
    expect(await checkGoldenCases(parts, name)).toBeLessThan(1e-4)
  })
})
