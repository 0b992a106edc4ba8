/** One level of a texture: linear light, 16 bits a channel, rows from the top. Width and height are powers of two. */
export interface TextureLevel {
  readonly width: number
  readonly height: number
  /** width * height * 3 */
  readonly color: Uint16Array
  /** width * height, present where parts are cut out: below 128 there is nothing. */
  readonly mask?: Uint8Array
}

/** A texture with ever smaller copies, each half as large, for what is far away. */
export interface Texture {
  readonly levels: readonly TextureLevel[]
}

const linear = Uint16Array.from({ length: 256 }, (_, value) => {
  const share = value / 255
  return Math.round(65535 * (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4))
})

/** Makes a texture from sRGB pixels (4 bytes each). @throws TypeError when a side is not a power of two */
export function createTexture(rgba: Uint8ClampedArray, width: number, height: number, cut: boolean): Texture {
  for (const side of [width, height])
    if ((side & (side - 1)) !== 0) throw new TypeError(`texture sides must be powers of two, got ${width} x ${height}`)
  const color = new Uint16Array(width * height * 3)
  for (let i = 0; i < width * height; i++)
    for (let channel = 0; channel < 3; channel++) color[i * 3 + channel] = linear[rgba[i * 4 + channel]!]!
  const first: TextureLevel = cut
    ? { width, height, color, mask: Uint8Array.from({ length: width * height }, (_, i) => rgba[i * 4 + 3]!) }
    : { width, height, color }
  const levels = [first]
  for (let last = first; last.width > 1 || last.height > 1; levels.push(last)) last = halve(last)
  return { levels }
}

function halve({ width, height, color, mask }: TextureLevel): TextureLevel {
  const halfWidth = Math.max(1, width >> 1)
  const halfHeight = Math.max(1, height >> 1)
  const small = new Uint16Array(halfWidth * halfHeight * 3)
  const smallMask = mask && new Uint8Array(halfWidth * halfHeight)
  for (let y = 0; y < halfHeight; y++)
    for (let x = 0; x < halfWidth; x++) {
      const left = Math.min(width - 1, 2 * x)
      const right = Math.min(width - 1, 2 * x + 1)
      const top = Math.min(height - 1, 2 * y) * width
      const bottom = Math.min(height - 1, 2 * y + 1) * width
      const a = top + left
      const b = top + right
      const c = bottom + left
      const d = bottom + right
      const at = y * halfWidth + x
      for (let channel = 0; channel < 3; channel++)
        small[at * 3 + channel] =
          (color[a * 3 + channel]! + color[b * 3 + channel]! + color[c * 3 + channel]! + color[d * 3 + channel]!) / 4
      if (mask && smallMask) smallMask[at] = (mask[a]! + mask[b]! + mask[c]! + mask[d]!) / 4
    }
  const level = { width: halfWidth, height: halfHeight, color: small }
  return smallMask ? { ...level, mask: smallMask } : level
}
