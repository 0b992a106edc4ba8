import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { collect } from '@perstream/kit'
import type { PromptTurn } from '@perstream/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { modelFolder } from '../../../test/golden'
import { createOnnxRuntime } from '../../onnx'
import type { LanguageModelParts } from '../language-model-parts'
import { openLanguageModel } from '../open-language-model'
import { shared } from '../test-material'
import { createLanguageModel, type LanguageModel } from './language-model'

interface SmolGolden {
  readonly prompts: readonly {
    readonly user: string
    readonly input_ids: readonly number[]
    readonly greedy_tokens: readonly number[]
    readonly greedy_text: string
    readonly ended_with_eos: boolean
  }[]
  readonly choice_prompts: readonly {
    readonly user: string
    readonly choices: Record<string, { tokens: number[]; log_probability_of_each: number[]; log_probability: number }>
  }[]
}

const name = 'SmolLM2-135M-Instruct'
const ask = (text: string): PromptTurn[] => [{ role: 'user', parts: [{ kind: 'text', text }] }]

describe.skipIf(!shared)(`${name} (skipped without shared material)`, () => {
  let parts: LanguageModelParts
  let model: LanguageModel
  let golden: SmolGolden
  beforeAll(async () => {
    golden = JSON.parse(readFileSync(join(modelFolder(name), 'golden.json'), 'utf8'))
    parts = await openLanguageModel(modelFolder(name), { runtime: createOnnxRuntime({ worker: false }), device: 'cpu' })
    model = await createLanguageModel(parts)
  }, 60_000)
  afterAll(() => parts?.[Symbol.asyncDispose]())

  it('writes the golden replies', { timeout: 120_000 }, async () => {
    for (const { user, input_ids, greedy_tokens, greedy_text, ended_with_eos } of golden.prompts) {
      expect(model.countTokens(ask(user))).toBe(input_ids.length)
      const ids: number[] = []
      const options = { maxNewTokens: greedy_tokens.length, onToken: ({ id }: { id: number }) => ids.push(id) }
      const text = (await collect(model.generate(ask(user), options))).join('')
      expect(ids).toEqual(ended_with_eos ? greedy_tokens.slice(0, -1) : greedy_tokens)
      expect(text).toBe(greedy_text.replace('<|im_end|>', ''))
    }
  })

  it('gives the golden log probabilities of choices', { timeout: 120_000 }, async () => {
    for (const { user, choices } of golden.choice_prompts) {
      const scored = await model.scoreTokens(ask(user), Object.keys(choices))
      for (const { choice, ids, logProbabilities } of scored) {
        const wanted = choices[choice]!
        expect(ids).toEqual(wanted.tokens)
        for (const [i, value] of logProbabilities.entries()) {
          expect(Math.abs(value - wanted.log_probability_of_each[i]!)).toBeLessThan(2e-4)
        }
      }
      const probabilities = await model.score(ask(user), ['Yes', 'No'])
      const odds = choices.Yes!.log_probability - choices.No!.log_probability
      expect(probabilities[0]! + probabilities[1]!).toBeCloseTo(1, 9)
      expect(Math.log(probabilities[0]! / probabilities[1]!)).toBeCloseTo(odds, 3)
    }
  })

  it('draws the same text from the same seed, other text from others, the greedy one with one candidate', {
    timeout: 120_000,
  }, async () => {
    const write = async (options: object) =>
      (await collect(model.generate(ask(golden.prompts[1]!.user), { maxNewTokens: 12, ...options }))).join('')
    const greedy = await write({})
    const seeds = await Promise.all([1, 2, 3].map((seed) => write({ temperature: 1.5, seed })))
    expect(await write({ temperature: 1.5, seed: 2 })).toBe(seeds[1])
    expect(new Set([...seeds, greedy]).size).toBeGreaterThan(2)
    expect(await write({ temperature: 1.5, topK: 1, seed: 1 })).toBe(greedy)
    expect(await write({ temperature: 1.5, topP: 1e-9, seed: 1 })).toBe(greedy)
  })

  it('stops at a stop string across tokens, and leaves it out', { timeout: 60_000 }, async () => {
    const { user } = golden.prompts[0]!
    const pieces = await collect(model.generate(ask(user), { stop: ['of Fr', 'nowhere'] }))
    expect(pieces.join('')).toBe('The capital ')
  })
})
