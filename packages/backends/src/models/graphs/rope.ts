import type { GraphValue } from '@perstream/onnx'
import type { RopeConfig, RopeScaling, RopeSections } from '../config/model-config'
import { contributedOptions, type Operators } from './operators'

/** Cosines and sines of the angles by which rows turn, [rows, half the width of a head] each. */
export interface Rotation {
  readonly cosines: GraphValue
  readonly sines: GraphValue
  /** int64 [batch, sequence]: which row of the two belongs to each place. */
  readonly places: GraphValue
}

/** The frequencies of a head, longest wave last. */
export function ropeFrequencies({ theta, scaling }: RopeConfig, headWidth: number): Float32Array {
  const frequencies = Float32Array.from({ length: headWidth / 2 }, (_, i) => 1 / theta ** ((2 * i) / headWidth))
  return scaling ? frequencies.map((frequency) => scaleFrequency(frequency, scaling)) : frequencies
}

/** Llama 3: short waves stay, long ones are stretched, those between are blended. */
function scaleFrequency(frequency: number, scaling: RopeScaling): number {
  if (scaling.kind === 'linear') return frequency / scaling.factor
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength: context } = scaling
  const waves = (context * frequency) / (2 * Math.PI)
  if (waves > high) return frequency
  if (waves < low) return frequency / factor
  const share = (waves - low) / (high - low)
  return (1 - share) * (frequency / factor) + share * frequency
}

/** For each frequency the row of positions that turns it: 0 time, 1 height, 2 width. */
export function sectionRows({ counts, interleaved }: RopeSections): number[] {
  if (!interleaved) return counts.flatMap((count, row) => Array<number>(count).fill(row))
  const half = counts[0] + counts[1] + counts[2]
  return Array.from({ length: half }, (_, i) => {
    const row = i % 3
    return row > 0 && i < counts[row]! * 3 ? row : 0
  })
}

/**
 * Turns positions into rotations. `positions` is int64 [batch, sequence], or [3, batch, sequence] where the model has
 * sections.
 */
export function textRotation(
  operators: Operators,
  positions: GraphValue,
  { rope, headWidth }: { readonly rope: RopeConfig; readonly headWidth: number },
): Rotation {
  const { graph, cast, reshape, transpose, gather, multiply, size } = operators
  const half = headWidth / 2
  const data = Float64Array.from(ropeFrequencies(rope, headWidth))
  const frequencies = graph.constant({ type: 'float64', shape: [1, half], data })
  const numbers = cast(positions, 'float64')
  const turns = rope.sections
    ? transpose(gather(reshape(numbers, 3, -1), graph.int64(sectionRows(rope.sections))), 1, 0) // [rows, half]
    : reshape(numbers, -1, 1)
  const batchAxis = rope.sections ? 1 : 0
  const [batch, sequence] = [size(positions, batchAxis), size(positions, batchAxis + 1)]
  return rotationOf(operators, multiply(turns, frequencies), [batch, sequence])
}

/**
 * The rotations of float64 angles [rows, half the width of a head], which lie in `shape` [batch, sequence]. Angles are
 * rounded to float32, as the original has them; their cosines are taken in float64, because those of graphics processors
 * are right to three digits only, and there is no float64 there: this little work stays on the processor.
 */
export function rotationOf(
  { apply, cast, range, reshape, multiply }: Operators,
  angles: GraphValue,
  [batch, sequence]: readonly [GraphValue | 1, GraphValue],
): Rotation {
  const rows = batch === 1 ? sequence : multiply(batch, sequence)
  const rounded = cast(cast(angles, 'float32'), 'float64')
  const wave = (operator: 'Cos' | 'Sin') => cast(apply(operator, rounded), 'float32')
  return { cosines: wave('Cos'), sines: wave('Sin'), places: reshape(range(rows), batch, sequence) }
}

/** Turns the heads of x [batch, sequence, heads * width], the first half of each against the second. */
export function rotate({ graph }: Operators, x: GraphValue, rotation: Rotation, heads: number): GraphValue {
  const options = contributedOptions({ interleaved: 0, num_heads: heads, rotary_embedding_dim: 0 })
  return graph.node('RotaryEmbedding', [x, rotation.places, rotation.cosines, rotation.sines], options)
}
