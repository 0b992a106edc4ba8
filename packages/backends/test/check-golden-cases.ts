import { collect } from '@perstream/kit'
import { expect } from 'vitest'
import { emptyCache } from '../src/models/generation/key-value-cache'
import { createLanguageModel } from '../src/models/generation/language-model'
import { createModelContext } from '../src/models/generation/model-context'
import type { LanguageModelParts } from '../src/models/language-model-parts'
import { difference, readGolden, turnsOf } from './golden'

/**
 * Runs the golden cases of a tiny model: ids, positions and greedy tokens must be equal. Returns the largest
 * difference of a logit. `pieces`: tokens of a prompt that one run reads.
 */
export async function checkGoldenCases(
  parts: LanguageModelParts,
  name: string,
  {
    pieces = [512, 7],
    cases = Number.POSITIVE_INFINITY,
  }: { readonly pieces?: readonly number[]; readonly cases?: number } = {},
): Promise<number> {
  const golden = await readGolden(name)
  const context = await createModelContext(parts, {})
  const model = await createLanguageModel(parts, { endTokens: [] })
  let worst = 0
  for (const each of [...golden.pixel_cases, ...golden.injected_cases].slice(0, cases)) {
    const turns = turnsOf(golden, each, model.space!)
    const prompt = context.encode(turns, { open: true })
    expect(prompt.ids, each.name).toEqual(each.input_ids)
    expect([...prompt.positions.data].map(Number), each.name).toEqual(each.position_ids.flat())
    expect(prompt.positions.delta, each.name).toBe(each.rope_delta)
    for (const promptPiece of pieces) {
      const { reader } = await createModelContext(parts, { promptPiece })
      const { logits } = await reader.read(prompt, { cache: emptyCache, end: prompt.ids.length })
      worst = Math.max(worst, difference(logits[0]!, golden.floats(each.logits_last)))
    }
    const ids: number[] = []
    await collect(model.generate(turns, { maxNewTokens: 8, onToken: ({ id }) => ids.push(id) }))
    expect(ids, each.name).toEqual(each.greedy_tokens)
  }
  return worst
}
