import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkGoldenCases } from '../../../test/check-golden-cases'
import { modelFolder, tinyModels } from '../../../test/golden'
import { createOnnxRuntime } from '../../onnx'
import { openLanguageModel } from '../open-language-model'
import { shared } from '../test-material'

describe.skipIf(!shared).each(tinyModels)('golden cases of %s (skipped without shared material)', (name) => {
  const runtime = createOnnxRuntime({ threads: 1, worker: false })

  it('pass over the ready-made models', async () => {
    await using parts = await openLanguageModel(modelFolder(name), { runtime, device: 'cpu', from: 'onnx' })
    expect(await checkGoldenCases(parts, name)).toBeLessThan(1e-4)
  })

  it('pass over the published weights, one layer a session', async () => {
    const cacheFolder = await mkdtemp(join(tmpdir(), 'perstream-models-'))
    try {
      const options = { runtime, device: 'cpu', from: 'checkpoint', layersPerPart: 1, cacheFolder } as const
      await using parts = await openLanguageModel(modelFolder(name), options)
      expect(parts.decoder).toHaveLength(3)
      expect(await checkGoldenCases(parts, name)).toBeLessThan(1e-4)
    } finally {
      await rm(cacheFolder, { recursive: true })
    }
  })
})
