/** One level of a texture, rows from the top. Width and height are powers of two. */
export interface TextureLevel {
  readonly width: number
  readonly height: number
  /** width * height pixels, each red + green * 2^8 + blue * 2^16 + opacity * 2^24 in sRGB levels of 0..255. */
  readonly pixels: Int32Array
}

/** A texture with ever smaller copies, each half as large, for what is far away. */
export interface Texture {
  readonly levels: readonly TextureLevel[]
  /** Whether parts are cut out: where the opacity is below 128 there is nothing. */
  readonly cut: boolean
}

/** Makes a texture from sRGB pixels (4 bytes each). @throws TypeError when a side is not a power of two */
export function createTexture(rgba: Uint8ClampedArray, width: number, height: number, cut: boolean): Texture {
  for (const side of [width, height])
    if ((side & (side - 1)) !== 0) throw new TypeError(`texture sides must be powers of two, got ${width} x ${height}`)
  const pixels = new Int32Array(width * height)
  for (let i = 0; i < pixels.length; i++)
    pixels[i] = rgba[i * 4]! | (rgba[i * 4 + 1]! << 8) | (rgba[i * 4 + 2]! << 16) | (rgba[i * 4 + 3]! << 24)
  const levels: TextureLevel[] = [{ width, height, pixels }]
  for (let last = levels[0]!; last.width > 1 || last.height > 1; ) {
    last = halve(last)
    levels.push(last)
  }
  return { levels, cut }
}

function halve({ width, height, pixels }: TextureLevel): TextureLevel {
  const halfWidth = Math.max(1, width >> 1)
  const halfHeight = Math.max(1, height >> 1)
  const small = new Int32Array(halfWidth * halfHeight)
  for (let y = 0; y < halfHeight; y++)
    for (let x = 0; x < halfWidth; x++) {
      const left = Math.min(width - 1, 2 * x)
      const right = Math.min(width - 1, 2 * x + 1)
      const top = Math.min(height - 1, 2 * y) * width
      const bottom = Math.min(height - 1, 2 * y + 1) * width
      const a = pixels[top + left]!
      const b = pixels[top + right]!
      const c = pixels[bottom + left]!
      const d = pixels[bottom + right]!
      let mixed = 0
      for (let shift = 0; shift < 32; shift += 8) {
        const sum = ((a >> shift) & 255) + ((b >> shift) & 255) + ((c >> shift) & 255) + ((d >> shift) & 255)
        mixed |= ((sum + 2) >> 2) << shift
      }
      small[y * halfWidth + x] = mixed
    }
  return { width: halfWidth, height: halfHeight, pixels: small }
}
