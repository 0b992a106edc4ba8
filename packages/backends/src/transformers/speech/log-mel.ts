import { createGraph, encodeModel } from '@perstream/onnx'
import type { CallOptions, OpenModelOptions, TensorHandle, TensorRuntime, TensorSession } from '@perstream/spec'
import type { WhisperFeatureSettings } from '../library'

const spectrum = 'log_mel'

/**
 * Opens the log-mel spectrogram of a Whisper model as a small model, so that it is made where the encoder runs: a short-time Fourier
 * transform (a convolution with a windowed basis), the filters of the mel scale, and a logarithm clamped 80 dB below the loudest.
 */
export function openLogMel(
  settings: WhisperFeatureSettings,
  runtime: TensorRuntime,
  options: OpenModelOptions,
): Promise<TensorSession> {
  const bytes = logMelModel(settings)
  return runtime.open({ bytes }, { ...options, dtype: undefined, heldOutputs: [spectrum] })
}

/** The spectrogram of up to 30 s of samples at 16 kHz: [1, filters, frames], on the device. Whoever asks disposes it. */
export async function logMelOf(
  samples: Float32Array,
  session: TensorSession,
  settings: WhisperFeatureSettings,
  options: CallOptions,
): Promise<TensorHandle> {
  const data = centred(samples, settings)
  const made = await session.runHeld({ samples: { type: 'float32', shape: [1, 1, data.length], data } }, options)
  return made[spectrum]!
}

function logMelModel(settings: WhisperFeatureSettings): Uint8Array {
  const { n_fft: length, hop_length: hop, mel_filters: filters } = settings
  const bins = length / 2 + 1
  const graph = createGraph({ name: spectrum })
  const samples = graph.input('samples', 'float32', [1, 1, centredLength(settings)])
  const [real, imaginary] = [Math.cos, Math.sin].map((wave) => {
    const basis = graph.constant({ type: 'float32', shape: [bins, 1, length], data: windowedBasis(length, wave) })
    const part = graph.node('Conv', [samples, basis], { attributes: { strides: [hop] } })
    return graph.node('Mul', [part, part])
  })
  const power = graph.node('Add', [real, imaginary])
  const weights = Float32Array.from(filters.flatMap((row) => Array.from(row)))
  const mel = graph.node('MatMul', [
    graph.constant({ type: 'float32', shape: [filters.length, bins], data: weights }),
    power,
  ])
  const loudness = graph.node('Log', [graph.node('Max', [mel, graph.scalar(1e-10)])])
  const log = graph.node('Mul', [loudness, graph.scalar(Math.LOG10E)])
  const floor = graph.node('Sub', [graph.node('ReduceMax', [log]), graph.scalar(8)])
  const clamped = graph.node('Add', [graph.node('Max', [log, floor]), graph.scalar(4)])
  const scaled = graph.node('Div', [clamped, graph.scalar(4)])
  graph.output(spectrum, scaled, 'float32', [1, filters.length, framesOf(settings)])
  return encodeModel(graph.build())
}

/** [bins, length]: a wave of each frequency, in a periodic Hann window. */
function windowedBasis(length: number, wave: (angle: number) => number): Float32Array {
  const bins = length / 2 + 1
  const step = (2 * Math.PI) / length
  return Float32Array.from({ length: bins * length }, (_, i) => {
    const [bin, at] = [Math.floor(i / length), i % length]
    return (0.5 - 0.5 * Math.cos(step * at)) * wave(step * ((bin * at) % length))
  })
}

function framesOf({ hop_length, n_samples, nb_max_frames }: WhisperFeatureSettings): number {
  return Math.min(Math.floor(n_samples / hop_length), nb_max_frames)
}

/** Samples from half a window before the first frame's middle to half a window after the last one's. */
function centredLength(settings: WhisperFeatureSettings): number {
  return settings.n_fft + settings.hop_length * (framesOf(settings) - 1)
}

/** Samples in {@link centredLength}: filled up with silence to 30 s; what lies beyond either end is mirrored. */
function centred(samples: Float32Array, settings: WhisperFeatureSettings): Float32Array {
  const { n_fft, n_samples: whole } = settings
  const left = n_fft / 2
  const last = whole - 1
  return Float32Array.from({ length: centredLength(settings) }, (_, i) => {
    const at = Math.abs(i - left)
    return samples[at > last ? 2 * last - at : at] ?? 0
  })
}
