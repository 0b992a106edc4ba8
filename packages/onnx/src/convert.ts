import { fromHalf, toHalf } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'
import type { SafetensorsType } from './safetensors'

/** Widens bfloat16 bits to float32. Exact. */
export function fromBfloat16(values: Uint16Array): Float32Array {
  const bits = new Uint32Array(values.length)
  for (let i = 0; i < values.length; i++) bits[i] = values[i]! << 16
  return new Float32Array(bits.buffer)
}

/**
 * Turns bfloat16 bits into float16 bits, nearest even. Only values below 2^-14 are rounded at all: the others have fewer
 * digits than float16 keeps. Infinite values and NaN stay what they are.
 * @throws PerStreamError `model-unsupported` for a finite value beyond 65504: a weight that became infinite, or another
 * number, would spoil the model in silence
 */
export function bfloat16ToHalf(values: Uint16Array): Uint16Array {
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    const magnitude = value & 0x7fff
    if (magnitude >= 0x3880 && magnitude < 0x4780) halves[i] = (value & 0x8000) | ((magnitude - 0x3800) << 3)
    else if (magnitude < 0x3880) halves[i] = (value & 0x8000) | subnormalHalf(magnitude)
    else if (magnitude < 0x7f80) throw beyondHalf(fromBfloat16(values.subarray(i, i + 1))[0]!, i)
    else halves[i] = (value & 0x8000) | (magnitude > 0x7f80 ? 0x7e00 : 0x7c00)
  }
  return halves
}

/** The float16 of a bfloat16 magnitude below 2^-14: its eight digits, shifted out to the right, nearest even. */
function subnormalHalf(magnitude: number): number {
  const shift = 110 - (magnitude >> 7) // an exponent field of 112 is 2^-15: 512 steps of 2^-24
  if (shift > 9) return 0
  const digits = (magnitude & 0x7f) | 0x80
  if (shift <= 0) return digits << -shift
  const floor = digits >> shift
  const rest = digits - (floor << shift)
  const half = 1 << (shift - 1)
  return rest > half || (rest === half && floor % 2 === 1) ? floor + 1 : floor
}

/**
 * Narrows float32 to float16 bits, nearest even. Infinite values and NaN stay what they are.
 * @throws PerStreamError `model-unsupported` for a finite value that rounds beyond 65504
 */
export function float32ToHalf(values: Float32Array): Uint16Array {
  const halves = toHalf(values)
  for (let i = 0; i < halves.length; i++) {
    if ((halves[i]! & 0x7fff) === 0x7c00 && Number.isFinite(values[i])) throw beyondHalf(values[i]!, i)
  }
  return halves
}

function beyondHalf(value: number, index: number): PerStreamError {
  return new PerStreamError(
    'model-unsupported',
    `The value ${value} at place ${index} does not fit float16, whose largest is 65504: keep this tensor in float32`,
    { fields: { value, index } },
  )
}

/**
 * Widens raw little-endian values of a floating type to float32; float64 is rounded to nearest. Bytes that are float32
 * already are viewed, not copied, where they are aligned.
 * @throws PerStreamError `model-unsupported` for types of whole numbers
 */
export function toFloat32(type: SafetensorsType, bytes: Uint8Array): Float32Array {
  if (type === 'F32') return view(Float32Array, bytes)
  if (type === 'BF16') return fromBfloat16(view(Uint16Array, bytes))
  if (type === 'F16') return fromHalf(view(Uint16Array, bytes))
  if (type === 'F64') return Float32Array.from(view(Float64Array, bytes))
  throw new PerStreamError('model-unsupported', `Values of type ${type} are no floats: give F32, F16, BF16 or F64`)
}

/**
 * Narrows raw little-endian values of a floating type to float16 bits, nearest even.
 * @throws PerStreamError `model-unsupported` for finite values beyond 65504, and for types of whole numbers
 */
export function toFloat16(type: SafetensorsType, bytes: Uint8Array): Uint16Array {
  if (type === 'F16') return view(Uint16Array, bytes)
  if (type === 'BF16') return bfloat16ToHalf(view(Uint16Array, bytes))
  return float32ToHalf(toFloat32(type, bytes))
}

interface NumberArray<Array> {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): Array
  readonly BYTES_PER_ELEMENT: number
}

function view<Array>(kind: NumberArray<Array>, bytes: Uint8Array): Array {
  const { buffer, byteOffset, byteLength } =
    bytes.byteOffset % kind.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes)
  return new kind(buffer as ArrayBuffer, byteOffset, byteLength / kind.BYTES_PER_ELEMENT)
}
