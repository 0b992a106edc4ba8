import { join } from 'node:path'
import { env, pipeline } from '@huggingface/transformers'
import { createSentenceEncoder } from '@perstream/backends/models'
import { createOnnxRuntime } from '@perstream/backends/onnx'
import { createRandom } from '@perstream/kit'
import { type Figure, interleave, median, ratio } from '../harness'
import type { ModelBenchOptions, PartReport } from './part'

const count = 64
const name = 'all-MiniLM-L6-v2'

/** Sentences a second of MiniLM, one by one and 32 at a time, against transformers.js. */
export async function measureSentences({ models, rounds }: ModelBenchOptions): Promise<PartReport> {
  const folder = join(models, name)
  await using encoder = await createSentenceEncoder({ folder, runtime: createOnnxRuntime(), device: 'cpu' })
  env.allowRemoteModels = false
  env.localModelPath = models
  const peer = await pipeline('feature-extraction', name, { dtype: 'q8' })
  const texts = sentences()
  const figures: Figure[] = []
  for (const size of [1, 32]) {
    const batches = Array.from({ length: count / size }, (_, i) => texts.slice(i * size, (i + 1) * size))
    const times = await interleave(
      {
        ours: async () => {
          for (const batch of batches) await encoder.encode(batch)
        },
        peer: async () => {
          for (const batch of batches) await peer(batch, { pooling: 'mean', normalize: true })
        },
      },
      rounds,
    )
    figures.push(
      {
        name: `MiniLM sentences a second, ${size} at a time`,
        value: (1000 * count) / median(times.ours!),
        unit: '1/s',
        better: 'higher',
      },
      {
        name: `MiniLM sentences a second, ${size} at a time`,
        value: ratio(times.peer!, times.ours!),
        unit: 'x',
        goal: 1,
        better: 'higher',
        peer: "transformers.js's pipeline",
      },
    )
  }
  await peer.dispose()
  return { figures, notes: [`${count} sentences of 4 to 20 words, int8 weights, CPU`] }
}

function sentences(): string[] {
  const random = createRandom(1)
  const words =
    'the a red cup table near my keys left kitchen Anna puts down takes blue door at three phone rings'.split(' ')
  return Array.from({ length: count }, () =>
    Array.from({ length: random.integer(4, 21) }, () => random.pick(words)).join(' '),
  )
}
