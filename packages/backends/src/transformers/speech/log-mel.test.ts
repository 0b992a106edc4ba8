import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WhisperFeatureExtractor } from '@huggingface/transformers'
import { createRandom } from '@perstream/kit'
import { bytesSource, openSafetensors } from '@perstream/onnx'
import { describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../../onnx'
import { goldenClips, samplesOf, whisperFolder } from './golden-clips'
import { logMelOf, openLogMel } from './log-mel'

const settings = {
  ...{ feature_size: 80, n_fft: 400, hop_length: 160, sampling_rate: 16000 },
  ...{ n_samples: 480000, nb_max_frames: 3000 },
}

async function logMel(samples: Float32Array, device: 'cpu' | 'wasm') {
  const { config } = new WhisperFeatureExtractor(settings)
  await using session = await openLogMel(config, createOnnxRuntime(), { device })
  using made = await logMelOf(samples, session, config, {})
  return made.read()
}

const random = createRandom(3)
const noise = (seconds: number) => Float32Array.from({ length: seconds * 16000 }, () => 0.2 * random.gaussian())
const tones = Float32Array.from(
  { length: 40000 },
  (_, i) => Math.sin(i * 0.3) * Math.sin(i * 0.0002) + 1e-3 * Math.sin(i),
)

describe.each(['cpu', 'wasm'] as const)('the log-mel spectrogram on %s', (device) => {
  it.each([
    ['half a second of noise', noise(0.5)],
    ['thirty seconds of noise', noise(30)],
    ['tones that swell', tones],
    ['silence', new Float32Array(16000)],
    ['nothing', new Float32Array(0)],
  ])('of %s is that of transformers.js', async (_, samples) => {
    const { data, shape } = await logMel(samples, device)
    const { input_features } = await new WhisperFeatureExtractor(settings)(samples)
    expect(shape).toEqual(input_features.dims)
    expect(difference(data as Float32Array, input_features.data as Float32Array)).toBeLessThan(1e-4)
  })
})

it.skipIf(!whisperFolder)(
  `the log-mel spectrogram of speech is the golden one${whisperFolder ? '' : ' (skipped: no shared material)'}`,
  async () => {
    const bytes = readFileSync(join(whisperFolder!, 'golden.safetensors'))
    const { tensors } = await openSafetensors(bytesSource('golden.safetensors', bytes))
    const { offset, length } = tensors.get('log_mel.first_300_frames')!
    const golden = new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + length))
    const { data } = await logMel(samplesOf(goldenClips.find(({ name }) => name === 'dentist')!), 'cpu')
    const shown = Float32Array.from(
      { length: 80 * 300 },
      (_, i) => data[Math.floor(i / 300) * 3000 + (i % 300)] as number,
    )
    expect(difference(shown, golden)).toBeLessThan(1e-4)
  },
)

function difference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
}
