import { fromHalf, normalize, toHalf } from '@perstream/kit'
import type { TensorPrecision } from '@perstream/spec'

export function rounded(vector: Float32Array, precision: TensorPrecision): Float32Array {
  if (precision === 'f32') return vector
  if (precision === 'f16') return normalize(fromHalf(toHalf(vector)))
  if (precision === 'b1') return normalize(vector.map((value) => (value >= 0 ? 1 : -1)))
  const scale = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127
  return normalize(vector.map((value) => Math.round(value / scale) * scale))
}
