import { createOnnxRuntime } from '@perstream/backends/onnx'
import { createRememberGate } from '@perstream/gate'
import {
  createCenterNet,
  createLiteCaptioner,
  createPpOcrReader,
  createUseLiteEncoder,
  createWinkTriplets,
} from '@perstream/lite'
import { createExtractiveAnswerer, createQuietPolicy } from '@perstream/responder'
import type { Captioner, KeyframeSelector } from '@perstream/spec'
import { createFlowKeyframes } from '@perstream/video'
import type { PerStreamParts } from 'perstream'
import type { Meter } from './meter'
import { modelPart } from './model-part'

/** The parts of the lite preset, composed as it composes them, each booking its CPU. Whoever opened them disposes them. */
export type MeteredParts = Omit<PerStreamParts, 'source' | 'memory'> & AsyncDisposable

/** Opens the parts of the lite preset with a meter on each. */
export async function openMeteredParts(meter: Meter): Promise<MeteredParts> {
  const runtime = createOnnxRuntime({ worker: false })
  const text = await createUseLiteEncoder({ runtime: meter.runtime(`${modelPart}sentences`, runtime) })
  const reader = await createPpOcrReader({ runtime: meter.runtime(`${modelPart}reading`, runtime) })
  const detector = await createCenterNet({ runtime: meter.runtime(`${modelPart}objects`, runtime) })
  const captioner = createLiteCaptioner({
    reader: meter.methods(reader, { read: 'reading: pictures in, boxes, crops and letters out' }),
    detector: meter.methods(detector, { detect: 'objects: pictures in, boxes out' }),
  })
  return {
    keyframes: meteredKeyframes(meter, createFlowKeyframes()),
    caption: meteredCaptioner(meter, captioner),
    text: meter.methods(text, { encode: 'sentences: tokens' }),
    gate: meter.methods(await createRememberGate({ text }), { decide: 'gate' }),
    triplets: meter.methods(createWinkTriplets(), { extract: 'triplets' }),
    answer: createExtractiveAnswerer(),
    speak: meter.methods(createQuietPolicy(), { consider: 'speaking' }),
    async [Symbol.asyncDispose]() {
      for (const model of [text, reader, detector]) await model[Symbol.asyncDispose]()
    },
  }
}

function meteredKeyframes(meter: Meter, keyframes: KeyframeSelector): KeyframeSelector {
  return {
    select: (frames, options) =>
      meter.stream(
        'optical flow and keyframes',
        keyframes.select(meter.stream('taking frames from the decoder', frames), options),
      ),
  }
}

function meteredCaptioner(meter: Meter, captioner: Captioner): Captioner {
  return {
    caption: (moments, options) => meter.stream('views, tracks and captions', captioner.caption(moments, options)),
  }
}
