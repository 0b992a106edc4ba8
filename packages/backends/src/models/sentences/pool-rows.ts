import type { Pooling } from './sentence-settings'

/**
 * Makes one unit vector of the rows of a text.
 * @param rows [places, width], of which the first `count` belong to the text
 */
export function poolRows(
  rows: Float32Array,
  { count, width, pooling }: { readonly count: number; readonly width: number; readonly pooling: Pooling },
): Float32Array {
  const vector = rows.slice(0, width)
  if (pooling === 'mean') {
    for (let row = 1; row < count; row++) {
      const start = row * width
      for (let i = 0; i < width; i++) vector[i]! += rows[start + i]!
    }
  }
  let squares = 0
  for (let i = 0; i < width; i++) squares += vector[i]! ** 2
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares)
  for (let i = 0; i < width; i++) vector[i]! *= scale
  return vector
}
