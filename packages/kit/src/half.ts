const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** Encodes numbers as IEEE 754 half floats, nearest even; too large ones become infinite. */
export function toHalf(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, encodeHalf)
}

/** Decodes IEEE 754 half floats. Exact. */
export function fromHalf(values: Uint16Array): Float32Array {
  return Float32Array.from(values, decodeHalf)
}

function encodeHalf(value: number): number {
  float[0] = value
  const sign = (bits[0]! >>> 16) & 0x8000
  const magnitude = bits[0]! & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x47800000) return sign | 0x7c00
  if (magnitude < 0x38800000) return sign | encodeSubnormal(magnitude)
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1)
  return sign | ((rounded - 0x38000000) >>> 13)
}

function encodeSubnormal(magnitude: number): number {
  bits[0] = magnitude
  const steps = float[0]! * 16777216
  const floor = Math.floor(steps)
  const rest = steps - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

function decodeHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return (sign * fraction) / 16777216
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * 2 ** (exponent - 25) * (1024 + fraction)
}
