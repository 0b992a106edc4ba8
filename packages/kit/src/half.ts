/** Encodes numbers as IEEE 754 half floats, nearest even; too large ones become infinite. */
export function toHalf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < halves.length; i++) {
    const magnitude = bits[i]! & 0x7fffffff
    const sign = (bits[i]! >>> 16) & 0x8000
    if (magnitude > 0x7f800000) halves[i] = sign | 0x7e00
    else if (magnitude >= 0x47800000) halves[i] = sign | 0x7c00
    else if (magnitude < 0x38800000) halves[i] = sign | encodeSubnormal(Math.abs(values[i]!))
    else halves[i] = sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13)
  }
  return halves
}

/** Decodes IEEE 754 half floats. Exact. */
export function fromHalf(values: Uint16Array): Float32Array {
  const floats = new Float32Array(values.length)
  const bits = new Uint32Array(floats.buffer)
  for (let i = 0; i < floats.length; i++) {
    const half = values[i]!
    const sign = (half & 0x8000) << 16
    const magnitude = half & 0x7fff
    if (magnitude >= 0x7c00) bits[i] = sign | 0x7f800000 | ((magnitude & 0x3ff) << 13)
    else {
      // The same digits with the exponent of the smaller type: 112 too low, for subnormal ones too.
      bits[i] = sign | (magnitude << 13)
      floats[i]! *= 2 ** 112
    }
  }
  return floats
}

function encodeSubnormal(magnitude: number): number {
  const steps = magnitude * 16777216
  const floor = Math.floor(steps)
  const rest = steps - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
