/** Side of the square window that one flow vector is solved over, in pixels. */
const window = 5
/** The prototype's 1e-6 on intensities of 0..1, in 0..255 units. */
export const flowEpsilon = 1e-6 * 255 * 255
/** What a 3x3 Sobel filter makes of a slope of one grey level a pixel. */
export const sobelGain = 8

/**
 * Measures the mean motion between two grey images by Lucas-Kanade: one vector for each 5x5 window, sqrt(u² + v²)
 * averaged over all windows, in pixels. Only windows whose gradients need nothing from outside the image count, so a change
 * of brightness makes no motion at the border. 0 for images under 7 pixels wide or high.
 *
 * Sums are exact whole numbers, the 2x2 systems are solved in double precision. This is the definition of correct;
 * {@link createFlowKernel} computes the same with WASM SIMD. (BEHAVIOUR 1.3; Lucas and Kanade, 1981)
 *
 * @throws TypeError when an image does not have `width * height` bytes
 */
export function opticalFlow(previous: Uint8Array, current: Uint8Array, width: number, height: number): number {
  checkGray('previous', previous, width, height)
  checkGray('current', current, width, height)
  const columns = width - 2
  const windows = (columns - window + 1) * (height - 2 - window + 1)
  if (columns < window || height - 2 < window) return 0
  const sums = Array.from({ length: 5 }, () => new Int32Array(columns)) as ColumnSums
  const rows = Array.from({ length: window }, () => new Int16Array(columns * 3))
  let total = 0
  for (let y = 0; y < height - 2; y++) {
    slide(previous, current, width, y, rows[y % window]!, sums)
    if (y >= window - 1) total += solveRow(sums, columns)
  }
  return (total / windows) * sobelGain
}

/** ΣIx², ΣIxIy, ΣIy², ΣIxIt, ΣIyIt of the last five gradient rows, one column each. */
type ColumnSums = [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array]

/** The gradients of one row enter the column sums; those of the row five above, kept in `row`, leave. */
function slide(
  previous: Uint8Array,
  current: Uint8Array,
  width: number,
  y: number,
  row: Int16Array,
  [xx, xy, yy, xt, yt]: ColumnSums,
): void {
  const columns = width - 2
  for (let x = 0; x < columns; x++) {
    const a = y * width + x
    const b = a + width
    const c = b + width
    const a0 = previous[a]!
    const a2 = previous[a + 2]!
    const c0 = previous[c]!
    const c2 = previous[c + 2]!
    const ix = a2 - a0 + 2 * (previous[b + 2]! - previous[b]!) + c2 - c0
    const iy = c0 - a0 + 2 * (previous[c + 1]! - previous[a + 1]!) + c2 - a2
    const it = current[b + 1]! - previous[b + 1]!
    const ox = row[x]!
    const oy = row[columns + x]!
    const ot = row[columns * 2 + x]!
    xx[x] = xx[x]! + ix * ix - ox * ox
    xy[x] = xy[x]! + ix * iy - ox * oy
    yy[x] = yy[x]! + iy * iy - oy * oy
    xt[x] = xt[x]! + ix * it - ox * ot
    yt[x] = yt[x]! + iy * it - oy * ot
    row[x] = ix
    row[columns + x] = iy
    row[columns * 2 + x] = it
  }
}

/** Solves each window of a row, and adds up the lengths, in Sobel units. */
function solveRow([xx, xy, yy, xt, yt]: ColumnSums, columns: number): number {
  let sxx = 0
  let sxy = 0
  let syy = 0
  let sxt = 0
  let syt = 0
  for (let x = 0; x < window - 1; x++) {
    sxx += xx[x]!
    sxy += xy[x]!
    syy += yy[x]!
    sxt += xt[x]!
    syt += yt[x]!
  }
  let total = 0
  for (let x = window - 1, first = 0; x < columns; x++, first++) {
    sxx += xx[x]!
    sxy += xy[x]!
    syy += yy[x]!
    sxt += xt[x]!
    syt += yt[x]!
    const a = sxx + flowEpsilon
    const c = syy + flowEpsilon
    const u = sxy * syt - c * sxt
    const v = sxy * sxt - a * syt
    total += Math.sqrt(u * u + v * v) / (a * c - sxy * sxy)
    sxx -= xx[first]!
    sxy -= xy[first]!
    syy -= yy[first]!
    sxt -= xt[first]!
    syt -= yt[first]!
  }
  return total
}

/** @throws TypeError when a grey image does not have `width * height` bytes */
export function checkGray(name: string, gray: Uint8Array, width: number, height: number): void {
  if (gray.length !== width * height)
    throw new TypeError(`${name} has ${gray.length} bytes: a ${width}x${height} grey image has ${width * height}`)
}
