import { createOnnxRuntime } from '@perstream/backends/onnx'
import {
  createSpeechRecognizer,
  createTransformersCaptioner,
  createTransformersVisionEncoder,
} from '@perstream/backends/transformers'
import { collect } from '@perstream/kit'
import type { Device, Frame, RgbImage, Utterance } from '@perstream/spec'
import { decodeValue, encodeValue } from './tensor-text'
import { wasmPaths } from './wasm-paths'

const runtime = createOnnxRuntime({ wasmPaths })

/** Hears 16 kHz sound in the page. */
async function hear(samplesText: string): Promise<readonly Utterance[]> {
  const samples = decodeValue(samplesText) as Float32Array
  const vad = { model: { url: '/vad/silero_vad_v6.onnx' } }
  await using recognizer = await createSpeechRecognizer({ model: '/whisper', runtime, device: 'wasm', vad })
  async function* audio() {
    yield { samples, sampleRate: 16000, startSeconds: 0 }
  }
  return await collect(recognizer.transcribe(audio()))
}

/** The patch grid and the caption of an image. */
async function see(device: Device, imageText: string): Promise<string> {
  const frame = frameOf(decodeValue(imageText) as RgbImage)
  await using encoder = await createTransformersVisionEncoder({ model: '/dinov2', runtime, device })
  await using captioner = await createTransformersCaptioner({
    ...{ model: '/smolvlm', runtime, device, prompt: 'What is here?', maxNewTokens: 12 },
  })
  const [grid] = await encoder.encode([frame])
  async function* moments() {
    yield { keyframes: [{ frame, reason: 'motion', motion: 1, sharpness: 1 }] } as const
  }
  const [moment] = await collect(captioner.caption(moments(), { source: 'walk' }))
  return encodeValue({ grid: grid!.data, text: moment?.captions[0]?.text })
}

function frameOf(image: RgbImage): Frame {
  const { width, height } = image
  const release = () => {}
  return { index: 0, seconds: 0, width, height, pixels: async () => image, release, [Symbol.dispose]: release }
}

Object.assign(globalThis, { hear, see })
