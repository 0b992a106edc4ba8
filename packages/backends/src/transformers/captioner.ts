import {
  type Caption,
  type CaptionedMoment,
  type Captioner,
  type CaptionOptions,
  type Keyframe,
  type Moment,
  PerStreamError,
} from '@perstream/spec'
import type { Describer, OpenDescriberOptions } from './caption/describer'
import { openFlorence2 } from './caption/florence2'
import { openSmolVlm } from './caption/smolvlm'
import { loadLibrary } from './library'
import { openModelFolder } from './model-folder'
import type { TransformersPlatform } from './platform'
import type { TransformersModelOptions } from './vision-encoder'

/** Options of {@link createTransformersCaptioner}. */
export interface TransformersCaptionerOptions extends TransformersModelOptions {
  /** What the model is asked. Default: to describe what can be seen, in one sentence. For Florence-2 a task: `<CAPTION>`, `<OCR>`. */
  readonly prompt?: string | undefined
  /** Tokens of a caption, at most. Default 60. */
  readonly maxNewTokens?: number | undefined
}

/** Opens a captioner on a platform: `createTransformersCaptioner` of the entry point. */
export async function openCaptioner(
  platform: TransformersPlatform,
  options: TransformersCaptionerOptions,
): Promise<Captioner & AsyncDisposable> {
  const { model, runtime = platform.createRuntime(), dtype, device, deviceIndex, threads, prompt, signal } = options
  const { maxNewTokens = 60 } = options
  if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1)
    throw new TypeError(`maxNewTokens is ${maxNewTokens}: it must be a whole number, 1 or more`)
  signal?.throwIfAborted()
  const folder = openModelFolder(model, platform)
  const config = await folder.readJson('config.json', { signal })
  const open = opener(String(config.model_type), model)
  const library = await loadLibrary('Describing images')
  const placed = { dtype, device, deviceIndex, threads }
  const describer = await open({ folder, library, config, runtime, open: placed, prompt, maxNewTokens, signal })
  return {
    caption: (moments, captionOptions) => caption(moments, describer, captionOptions),
    [Symbol.asyncDispose]: () => describer[Symbol.asyncDispose](),
  }
}

function opener(type: string, location: string): (options: OpenDescriberOptions) => Promise<Describer> {
  if (type === 'smolvlm' || type === 'idefics3') return openSmolVlm
  if (type === 'florence2') return openFlorence2
  throw new PerStreamError(
    'model-unsupported',
    `The model ${location} is of type "${type}": images are described with smolvlm, idefics3 and florence2.`,
    { fields: { location, type } },
  )
}

async function* caption(
  moments: AsyncIterable<Moment>,
  describer: Describer,
  { source, signal }: CaptionOptions,
): AsyncGenerator<CaptionedMoment, void, void> {
  signal?.throwIfAborted()
  for await (const moment of moments) {
    const frame = sharpest(moment.keyframes)?.frame
    const described = frame && (await describer.describe(frame, { signal }))
    signal?.throwIfAborted()
    if (!described || described.text === '') {
      yield { ...moment, captions: [] }
      continue
    }
    const evidence = { source, startSeconds: frame.seconds, endSeconds: frame.seconds, frames: [frame.index] }
    const told: Caption = { ...described, origin: 'described', evidence }
    yield { ...moment, captions: [told] }
  }
}

/** The first of the sharpest. */
function sharpest(keyframes: readonly Keyframe[]): Keyframe | undefined {
  return keyframes.reduce<Keyframe | undefined>(
    (best, keyframe) => (best && best.sharpness >= keyframe.sharpness ? best : keyframe),
    undefined,
  )
}
