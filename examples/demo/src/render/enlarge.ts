import type { Picture } from './rasterizer'

/** Doubles a picture's light into one of twice its width and height, bilinearly. */
export function enlarge(from: Picture, to: Picture): void {
  const { width, height, color } = from
  const target = to.color
  for (let y = 0; y < to.height; y++) {
    // Pixel centres: the new ones lie a quarter before and after the old.
    const near = y >> 1
    const other = Math.max(0, Math.min(height - 1, near + (y & 1 ? 1 : -1)))
    for (let x = 0; x < to.width; x++) {
      const column = x >> 1
      const beside = Math.max(0, Math.min(width - 1, column + (x & 1 ? 1 : -1)))
      const a = (near * width + column) * 3
      const b = (near * width + beside) * 3
      const c = (other * width + column) * 3
      const d = (other * width + beside) * 3
      const at = (y * to.width + x) * 3
      target[at] = color[a]! * 0.5625 + (color[b]! + color[c]!) * 0.1875 + color[d]! * 0.0625
      target[at + 1] = color[a + 1]! * 0.5625 + (color[b + 1]! + color[c + 1]!) * 0.1875 + color[d + 1]! * 0.0625
      target[at + 2] = color[a + 2]! * 0.5625 + (color[b + 2]! + color[c + 2]!) * 0.1875 + color[d + 2]! * 0.0625
    }
  }
}
