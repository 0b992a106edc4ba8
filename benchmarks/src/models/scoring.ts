import { interleave, ratio } from '../harness'
import type { ModelBenchOptions, PartReport } from '../models'
import { ask, openSmallModel } from './small-model'

const words = 180
const choices = ['Yes, it is.', 'No, it is not.']

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
      choices: () => model.score(prompt, choices),
    },
    rounds,
  )
  return {
    notes: [`a prompt of ${model.countTokens(prompt)} tokens; choices: ${choices.join(' / ')}`],
    figures: [
      {
        name: 'score of two choices',
        value: ratio(times.choices!, times.prefill!),
        unit: 'x',
        goal: 1.2,
        better: 'lower',
        peer: 'the first token after the same prompt',
      },
    ],
  }
}
