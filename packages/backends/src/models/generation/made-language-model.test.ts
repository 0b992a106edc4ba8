import { collect } from '@perstream/kit'
import type { PromptTurn, Tensor } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { madeLanguageModel } from '../../../test/made-language-model'
import type { LanguageModelParts } from '../language-model-parts'
import { createLanguageModel, type LanguageModel } from './language-model'

/** The logits after these tokens, read in one run without a cache: what every other way must agree with. */
async function logitsAfter(
  { embed, decoder, config }: LanguageModelParts,
  ids: readonly number[],
): Promise<Float32Array> {
  const { layers, keyValueHeads: heads, headWidth } = config.text
  const whole = (values: readonly number[], ...shape: number[]): Tensor => ({
    type: 'int64',
    shape,
    data: BigInt64Array.from(values, BigInt),
  })
  const { inputs_embeds } = await embed.run({ input_ids: whole(ids, 1, ids.length) })
  const feeds: Record<string, Tensor> = {
    inputs_embeds: inputs_embeds!,
    attention_mask: whole(
      ids.map(() => 1),
      1,
      ids.length,
    ),
    position_ids: whole([...ids.keys()], 1, ids.length),
    num_logits_to_keep: whole([1]),
  }
  for (let layer = 0; layer < layers; layer++) {
    for (const part of ['key', 'value']) {
      const data = new Float32Array(0)
      feeds[`past_key_values.${layer}.${part}`] = { type: 'float32', shape: [1, heads, 0, headWidth], data }
    }
  }
  const { logits } = await decoder[0]!.run(feeds, { outputs: ['logits'] })
  return logits!.data as Float32Array
}

describe('a language model of made-up weights', () => {
  let parts: LanguageModelParts
  let model: LanguageModel
  const prompt: PromptTurn[] = [{ role: 'user', parts: [{ kind: 'text', text: 'Où?' }] }]
  const start = [257, ...Buffer.from('user\nOù?'), 258, 10, 257, ...Buffer.from('assistant\n')]
  beforeAll(async () => {
    parts = await madeLanguageModel()
    model = await createLanguageModel(parts, { endTokens: [], promptPiece: 5 })
  })
  afterAll(() => parts?.[Symbol.asyncDispose]())

  it('writes with a cache what it writes without', async () => {
    const ids: number[] = []
    await collect(model.generate(prompt, { maxNewTokens: 12, onToken: ({ id }) => ids.push(id) }))
    const plain: number[] = []
    while (plain.length < 12) {
      const logits = await logitsAfter(parts, [...start, ...plain])
      plain.push(logits.indexOf(Math.max(...logits)))
    }
    expect(model.countTokens(prompt)).toBe(start.length)
    expect(ids).toEqual(plain)
  })

  it('gives choices the probabilities that a run without a cache gives', async () => {
    const [scored] = await model.scoreTokens(prompt, ['no!'])
    const wanted: number[] = []
    for (const [i, id] of [...Buffer.from('no!')].entries()) {
      const logits = await logitsAfter(parts, [...start, ...Buffer.from('no!').subarray(0, i)])
      const total = logits.reduce((sum, value) => sum + Math.exp(value), 0)
      wanted.push(logits[id]! - Math.log(total))
    }
    expect(scored!.ids).toEqual([...Buffer.from('no!')])
    for (const [i, value] of scored!.logProbabilities.entries()) expect(value).toBeCloseTo(wanted[i]!, 4)
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const both = await model.scoreTokens(prompt, ['no!', 'yes'])
    const odds = mean(both[0]!.logProbabilities) - mean(both[1]!.logProbabilities)
    const [no, yes] = await model.score(prompt, ['no!', 'yes'])
    expect(Math.log(no! / yes!)).toBeCloseTo(odds, 9)
  })

  it('ends at an end token, and does not write it', async () => {
    const ids: number[] = []
    await collect(model.generate(prompt, { maxNewTokens: 12, onToken: ({ id }) => ids.push(id) }))
    const ending = await createLanguageModel(parts, { endTokens: [ids[3]!] })
    const fewer: number[] = []
    await collect(ending.generate(prompt, { maxNewTokens: 12, onToken: ({ id }) => fewer.push(id) }))
    expect(fewer).toEqual(ids.slice(0, ids.indexOf(ids[3]!)))
  })

  it('refuses what does not fit, with the numbers', async () => {
    await expect(collect(model.generate(prompt, { maxNewTokens: 110 }))).rejects.toMatchObject({
      code: 'prompt-too-long',
      fields: { promptTokens: start.length, maxNewTokens: 110, contextLength: 128 },
    })
    await expect(model.keepPrefix(Array(20).fill(prompt[0]))).rejects.toMatchObject({ code: 'prompt-too-long' })
    await collect(model.generate(prompt, { maxNewTokens: 128 - start.length, seed: 1 }))
  })

  it('keeps the beginning of a talk', async () => {
    const later: PromptTurn[] = [...prompt, { role: 'assistant', parts: [{ kind: 'text', text: 'Là.' }] }, ...prompt]
    await using prefix = await model.keepPrefix(later.slice(0, 2))
    const write = async (options: object) =>
      (await collect(model.generate(later, { maxNewTokens: 8, temperature: 1, seed: 5, ...options }))).join('')
    expect(await write({ prefix })).toBe(await write({}))
    await expect(collect(model.generate(prompt, { prefix, maxNewTokens: 4 }))).rejects.toMatchObject({
      code: 'input-invalid',
    })
  })
})
