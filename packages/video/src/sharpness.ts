/**
 * Measures how sharp a grey image is: the variance of its Laplacian (4 neighbours) over the interior, in 0..255 units.
 * 0 for images under 3 pixels wide or high. (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000)
 */
export function sharpness(gray: Uint8Array, width: number, height: number): number {
  if (width < 3 || height < 3) return 0
  let sum = 0
  let squares = 0
  for (let y = 1; y < height - 1; y++)
    for (let at = y * width + 1, end = at + width - 2; at < end; at++) {
      const value = gray[at - 1]! + gray[at + 1]! + gray[at - width]! + gray[at + width]! - 4 * gray[at]!
      sum += value
      squares += value * value
    }
  const count = (width - 2) * (height - 2)
  const mean = sum / count
  return squares / count - mean * mean
}
