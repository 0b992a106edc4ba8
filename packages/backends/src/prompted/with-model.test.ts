import { captionerContract } from '@perstream/conformance'
import { collect } from '@perstream/kit'
import type { Memory, PatchGrid, RetrievedMemory } from '@perstream/spec'
import { afterAll, describe, expect, it } from 'vitest'
import { modelFolder, readGolden } from '../../test/golden'
import { createLanguageModel } from '../models/generation/language-model'
import type { LanguageModelParts } from '../models/language-model-parts'
import { openLanguageModel } from '../models/open-language-model'
import { shared } from '../models/test-material'
import { createOnnxRuntime } from '../onnx'
import { createGeneratorAnswerer, createGeneratorCaptioner } from '../prompted'

const name = 'tiny-qwen2.5-omni-thinker'
let opening: Promise<LanguageModelParts> | undefined
const open = () => {
  const runtime = createOnnxRuntime({ threads: 1, worker: false })
  opening ??= openLanguageModel(modelFolder(name), { runtime, device: 'cpu', from: 'onnx' })
  return opening
}
afterAll(async () => (await opening)?.[Symbol.asyncDispose]())

describe.skipIf(!shared)('a vision-language model that knows nothing (skipped without shared material)', () => {
  captionerContract('of a tiny model', {
    create: async () => createGeneratorCaptioner(await createLanguageModel(await open()), { maxNewTokens: 6 }),
    pictures: () =>
      [40, 90].map((shade) => ({
        data: new Uint8Array(64 * 64 * 3).map((_, i) => (i * shade) % 251),
        width: 64,
        height: 64,
      })),
  })

  it('reads the stored views of memories, of several sizes, and cites nothing it was not given', async () => {
    const model = await createLanguageModel(await open())
    const golden = await readGolden(name)
    const gridOf = (side: number): PatchGrid => ({
      ...{ data: golden.floats(`pooled.C.${side}x${side}`), rows: side, columns: side, dimensions: 64 },
      space: model.space!,
    })
    const grids: Record<string, PatchGrid> = { mean: gridOf(8), nearest: gridOf(2) }
    const reference = (id: string) => ({ id, ...grids[id]! })
    const memory = {
      ...{ id: 'keys', text: 'The keys are in the bowl.', evidence: [], learnedAt: 5 },
      ...{ meanGrid: reference('mean'), nearestGrid: reference('nearest') },
    } as unknown as Memory
    const memories = [{ memory, score: 1 } as RetrievedMemory]
    const read: string[] = []
    const grid = async ({ id }: { id: string }) => {
      read.push(id)
      return grids[id]
    }
    const answerer = createGeneratorAnswerer(model, { space: model.space, maxNewTokens: 12 })
    const moment = { now: 9, shortTerm: [gridOf(4)] }
    const parts = await collect(answerer.answer({ question: 'Where are my keys?', memories, moment, grid }))
    expect(read).toEqual(['mean', 'nearest'])
    expect(parts.length).toBeGreaterThan(0)
    for (const part of parts) if (part.kind === 'citation') expect(part.citation.memoryId).toBe('keys')
  })
})
