import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLanguageModel, createQwenVisionEncoder, openLanguageModel } from '@perstream/backends/models'
import { createOnnxRuntime } from '@perstream/backends/onnx'
import { createRandom } from '@perstream/kit'
import type { Frame, PromptPart, RgbImage } from '@perstream/spec'
import { interleave, median, ratio } from '../harness'
import type { ModelBenchOptions, PartReport } from './part'
import { writeScaledCheckpoint } from './scaled-checkpoint'

const rounds = 3

/** The first token after an image, encoded anew or from its stored embeddings, with a vision tower of real size and random weights. */
export async function measureVisualStart({ models }: ModelBenchOptions): Promise<PartReport> {
  const folder = await mkdtemp(join(tmpdir(), 'perstream-bench-'))
  try {
    await writeScaledCheckpoint(join(models, 'tiny-qwen2.5-vl'), folder)
    await using parts = await openLanguageModel(folder, { runtime: createOnnxRuntime(), device: 'cpu' })
    const model = await createLanguageModel(parts)
    const image = randomImage()
    const vision = await createQwenVisionEncoder(parts)
    const [grid] = await vision.encode([frameOf(image)])
    const start = async (part: PromptPart) => {
      const prompt = [{ role: 'user', parts: [{ kind: 'text', text: 'what is here' }, part] }] as const
      for await (const _ of model.generate(prompt, { maxNewTokens: 1 }));
    }
    const times = await interleave(
      { pixels: () => start({ kind: 'image', image }), stored: () => start({ kind: 'embedding', grid: grid! }) },
      rounds,
    )
    const tokens = grid!.rows * grid!.columns
    return {
      notes: [
        `an image of ${image.width} x ${image.height}, ${tokens} tokens of 3584; vision tower of 32 layers, decoder of 2, random weights; ${rounds} rounds`,
      ],
      figures: [
        {
          name: 'first token with stored visual embeddings, sooner',
          value: ratio(times.pixels!, times.stored!),
          unit: 'x',
          goal: 5,
          better: 'higher',
          peer: 'encoding the pixels again',
        },
        { name: 'first token from pixels', value: median(times.pixels!), unit: 'ms', better: 'lower' },
        { name: 'first token from stored embeddings', value: median(times.stored!), unit: 'ms', better: 'lower' },
      ],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function randomImage(): RgbImage {
  const [width, height] = [398, 224]
  const random = createRandom(1)
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(0, 256)) }
}

function frameOf(image: RgbImage): Frame {
  return {
    ...{ index: 0, seconds: 0, width: image.width, height: image.height },
    pixels: async () => image,
    release() {},
    [Symbol.dispose]() {},
  }
}
