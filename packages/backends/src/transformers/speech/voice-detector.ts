import type { CallOptions, ModelSource, Tensor, TensorRuntime } from '@perstream/spec'
import type { TransformersPlatform } from '../platform'

/** Samples of one window, at 16 kHz: 32 ms. */
export const windowLength = 512

/** Hears whether somebody speaks, window after window of one stream. */
export interface VoiceDetector {
  /** How likely somebody speaks in the next window of 512 samples, 0..1. */
  next(window: Float32Array, options?: CallOptions): Promise<number>
}

/** Makes detectors, one for each stream. */
export interface VoiceDetectors extends AsyncDisposable {
  start(): VoiceDetector
}

/** Samples of the window before that the model sees again. */
const contextLength = 64

/**
 * Opens the Silero voice-activity detector (version 5 or 6), which takes about half a millisecond a window.
 * @param options.model where it is; absent: that of the platform
 * @throws PerStreamError `dependency-missing` when the platform has none, and what opening gives
 */
export async function openSilero(
  runtime: TensorRuntime,
  platform: TransformersPlatform,
  { model = platform.defaultDetector(), signal }: CallOptions & { readonly model?: ModelSource | undefined },
): Promise<VoiceDetectors> {
  const session = await runtime.open(model, { device: platform.detectorDevice, threads: 1, signal })
  const rateShape = session.inputs.find(({ name }) => name === 'sr')?.shape ?? []
  const rate: Tensor = { type: 'int64', shape: rateShape.map(() => 1), data: BigInt64Array.of(16000n) }
  return {
    start() {
      let state: Tensor = { type: 'float32', shape: [2, 1, 128], data: new Float32Array(256) }
      let context = new Float32Array(contextLength)
      return {
        async next(window, options) {
          const data = new Float32Array(contextLength + windowLength)
          data.set(context)
          data.set(window, contextLength)
          context = data.slice(windowLength)
          const input: Tensor = { type: 'float32', shape: [1, data.length], data }
          const { output, stateN } = await session.run({ input, state, sr: rate }, options)
          state = stateN!
          return output!.data[0] as number
        },
      }
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}
