import { createOnnxRuntime } from '@perstream/backends/onnx'
import {
  type CallOptions,
  type Captioner,
  PerStreamError,
  type TextEncoder,
  type TripletExtractor,
  type VisionEncoder,
} from '@perstream/spec'
import { createCenterNet } from './centernet'
import { createLiteCaptioner } from './lite-captioner'
import { createPpOcrReader } from './ppocr-reader'
import { createUseLiteEncoder } from './use-lite'
import { createWinkTriplets } from './wink-triplets'

/** How the lite models are opened. */
export interface LiteOptions extends CallOptions {
  /** Threads of the runtime. Default: each model's own. */
  readonly threads?: number | undefined
}

/** All lite models, opened together. Whoever made it disposes it. */
export interface Lite extends AsyncDisposable {
  readonly text: TextEncoder
  readonly captioner: Captioner
  readonly triplets: TripletExtractor
  /** Makes patch grids, by the model that finds objects; undefined where that is missing. */
  readonly vision: VisionEncoder | undefined
  /** What could not be opened, and what to do about it; empty when all is there. */
  readonly missing: readonly string[]
}

/**
 * Opens the text encoder, the text reader, the object detector and the triplet rules on one runtime. The detector's weights
 * are an optional package: without it the captioner only reads, and `missing` says so.
 * @throws PerStreamError `dependency-missing`, `model-missing`, `model-invalid`
 */
export async function createLite({ threads, signal }: LiteOptions = {}): Promise<Lite> {
  const runtime = createOnnxRuntime({ threads, worker: false })
  const open: AsyncDisposable[] = []
  const missing: string[] = []
  const keep = <Model extends AsyncDisposable>(model: Model): Model => {
    open.push(model)
    return model
  }
  const close = async () => {
    await Promise.all(open.splice(0).map((model) => model[Symbol.asyncDispose]()))
  }
  const opening = [
    createUseLiteEncoder({ runtime, signal }).then(keep),
    createPpOcrReader({ runtime, signal }).then(keep),
    createCenterNet({ runtime, signal }).then(keep, (error) => {
      missing.push(absent(error))
      return undefined
    }),
  ] as const
  await Promise.allSettled(opening)
  try {
    const [text, reader, detector] = await Promise.all(opening)
    return {
      text,
      captioner: createLiteCaptioner({ reader, ...(detector && { detector }) }),
      triplets: createWinkTriplets(),
      vision: detector,
      missing,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Says what an absent package costs; any other failure is one. */
function absent(error: unknown): string {
  if (PerStreamError.isInstance(error) && (error.code === 'dependency-missing' || error.code === 'model-missing'))
    return `objects are not recognised, only text is read: ${error.message}`
  throw error
}
