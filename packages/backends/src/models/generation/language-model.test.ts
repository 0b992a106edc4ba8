import { afterAll, describe, expect, it } from 'vitest'
import { difference, openReadyMade, readGolden, tinyModels, turnsOf } from '../../../test/golden'
import { createOnnxRuntime } from '../../onnx'
import type { LanguageModelParts } from '../language-model-parts'
import { shared } from '../test-material'
import { emptyCache } from './key-value-cache'
import { createLanguageModel } from './language-model'
import { createModelContext } from './model-context'

const runtime = createOnnxRuntime({ threads: 1 })
const opened = new Map<string, Promise<LanguageModelParts>>()
const open = (name: string) => {
  const parts = opened.get(name) ?? openReadyMade(runtime, name)
  opened.set(name, parts)
  return parts
}
afterAll(async () => {
  for (const parts of opened.values()) await (await parts)[Symbol.asyncDispose]()
})

describe.skipIf(!shared).each(tinyModels)('golden cases of %s (skipped without shared material)', (name) => {
  it('have the ids, positions, logits and tokens of the golden file', async () => {
    const parts = await open(name)
    const golden = await readGolden(name)
    const context = await createModelContext(parts, {})
    const model = await createLanguageModel(parts, { endTokens: [] })
    let worst = 0
    for (const goldenCase of [...golden.pixel_cases, ...golden.injected_cases]) {
      const turns = turnsOf(golden, goldenCase, model.space!)
      const prompt = context.encode(turns, { open: true })
      expect(prompt.ids).toEqual(goldenCase.input_ids)
      expect([...prompt.positions.data].map(Number)).toEqual(goldenCase.position_ids.flat())
      expect(prompt.positions.delta).toBe(goldenCase.rope_delta)
      for (const piece of [512, 7]) {
        const pieced = await createModelContext(parts, { promptPiece: piece })
        const { logits } = await pieced.reader.read(prompt, { cache: emptyCache, end: prompt.ids.length })
        worst = Math.max(worst, difference(logits[0]!, golden.floats(goldenCase.logits_last)))
      }
      const ids: number[] = []
      for await (const _ of model.generate(turns, { maxNewTokens: 8, onToken: ({ id }) => ids.push(id) }));
      expect(ids).toEqual(goldenCase.greedy_tokens)
    }
    expect(worst).toBeLessThan(1e-4)
  })
})
