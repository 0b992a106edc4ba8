import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LanguageModel } from '@perstream/backends/models'
import { type Figure, interleave, median, ratio } from '../harness'
import { openBareLoop } from './bare-loop'
import { openLlama } from './llama-peer'
import type { ModelBenchOptions, PartReport } from './part'
import { ask, openSmallModel, smallModelFolder } from './small-model'
import { openTransformersModel } from './transformers-peer'

const tokens = 24

/** Tokens a second of greedy decoding on the CPU, against a bare loop and others on the same weights. */
export async function measureDecoding({ models, rounds, gguf }: ModelBenchOptions): Promise<PartReport> {
  await using bare = await openBareLoop(models)
  await using threaded = await openSmallModel(models)
  await using direct = await openSmallModel(models, { worker: false })
  const { user, input_ids: ids, greedy_tokens: wanted } = await goldenPrompt(models)
  const notes = [`SmolLM2-135M-Instruct, 4-bit weights, CPU, ${tokens} greedy tokens after a prompt of ${ids.length}`]
  const generate = async (model: LanguageModel) => {
    const found: number[] = []
    const onToken = ({ id }: { id: number }) => found.push(id)
    for await (const _ of model.generate(ask(user), { maxNewTokens: tokens, onToken }));
    check(found, wanted)
  }
  const contestants: Record<string, () => Promise<unknown>> = {
    bare: async () => check(await bare.generate(ids, tokens), wanted),
    threaded: () => generate(threaded.model),
    direct: () => generate(direct.model),
  }
  const transformers = await openTransformersModel(models)
  contestants.transformers = async () => check(await transformers.generate(ids, tokens), wanted)
  const llama = await openLlama(gguf)
  if (typeof llama === 'string') notes.push(`llama.cpp was not measured: ${llama}`)
  else contestants.llama = () => llama.generate(ids, tokens)
  const times = await interleave(contestants, rounds)
  await transformers[Symbol.asyncDispose]()
  if (typeof llama !== 'string') await llama[Symbol.asyncDispose]()
  const speed = (name: string, of: string): Figure => ({
    name: `tokens a second, ${of}`,
    value: (1000 * tokens) / median(times[name]!),
    unit: '1/s',
    better: 'higher',
  })
  const against = (name: string, peer: string, more: Partial<Figure> = {}): Figure => ({
    name: `tokens a second, ${name}`,
    value: ratio(times[peer]!, times[name]!),
    unit: 'x',
    better: 'higher',
    ...more,
  })
  return {
    notes,
    figures: [
      speed('threaded', 'in a thread of their own (the default)'),
      against('threaded', 'bare', { goal: 0.95, peer: 'a bare onnxruntime loop' }),
      against('direct', 'bare', { goal: 0.95, peer: 'a bare onnxruntime loop' }),
      against('threaded', 'transformers', { peer: 'transformers.js' }),
      ...(contestants.llama ? [against('threaded', 'llama', { peer: 'llama.cpp (node-llama-cpp)' })] : []),
    ],
  }
}

interface GoldenPrompt {
  readonly user: string
  readonly input_ids: readonly number[]
  readonly greedy_tokens: readonly number[]
  readonly ended_with_eos: boolean
}

/** A prompt whose greedy reply does not end early, with its ids and the reply. */
async function goldenPrompt(models: string): Promise<GoldenPrompt> {
  const text = await readFile(join(smallModelFolder(models), 'golden.json'), 'utf8')
  const { prompts } = JSON.parse(text) as { prompts: readonly GoldenPrompt[] }
  return prompts.find((prompt) => !prompt.ended_with_eos && prompt.greedy_tokens.length >= tokens)!
}

function check(found: readonly number[], wanted: readonly number[]): void {
  const at = wanted.findIndex((id, i) => found[i] !== id)
  if (at >= 0) throw new Error(`token ${at} is ${found[at]}, it should be ${wanted[at]}`)
}
