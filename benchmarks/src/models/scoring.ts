import { type Figure, interleave, ratio } from '../harness'
import type { ModelBenchOptions, PartReport } from './part'
import { ask, openSmallModel } from './small-model'

const words = 180
const short = ['Yes', 'No']
const long = ['Yes, it is.', 'No, it is not.']

/** What two choices cost, against reading the prompt alone. */
export async function measureScoring({ models, rounds }: ModelBenchOptions): Promise<PartReport> {
  await using opened = await openSmallModel(models)
  const { model } = opened
  const text = `${Array.from({ length: words }, (_, i) => `cup ${i % 7}`).join(' ')} Is there a cup?`
  const prompt = ask(text)
  const times = await interleave(
    {
      prefill: async () => {
        for await (const _ of model.generate(prompt, { maxNewTokens: 1 }));
      },
      short: () => model.score(prompt, short),
      long: () => model.score(prompt, long),
    },
    rounds,
  )
  const against = (name: string, choices: readonly string[], goal?: number): Figure => ({
    name: `score of ${choices.map((choice) => `"${choice}"`).join(' and ')}`,
    value: ratio(times[name]!, times.prefill!),
    unit: 'x',
    better: 'lower',
    peer: 'the first token after the same prompt',
    ...(goal !== undefined && { goal }),
  })
  return {
    notes: [`choices after a prompt of ${model.countTokens(prompt)} tokens`],
    figures: [against('short', short, 1.2), against('long', long)],
  }
}
