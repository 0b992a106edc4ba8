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
  return createOpticalFlow(width, height)(previous, current)
}

/** Makes {@link opticalFlow} for images of one size. It keeps its buffers between calls, and nothing else. */
export function createOpticalFlow(width: number, height: number) {
  const columns = Math.max(0, width - 2)
  const windows = (columns - window + 1) * (height - 2 - window + 1)
  const sums = Array.from({ length: 5 }, () => new Float64Array(columns)) as ColumnSums
  const rows = Array.from(
    { length: window },
    () => Array.from({ length: 3 }, () => new Int32Array(columns)) as Gradients,
  )
  return (previous: Uint8Array, current: Uint8Array): number => {
    checkGray('previous', previous, width, height)
    checkGray('current', current, width, height)
    if (columns < window || height - 2 < window) return 0
    for (const plane of [...sums, ...rows.flat()]) plane.fill(0)
    let total = 0
    for (let y = 0; y < height - 2; y++) {
      const lengths = slideRow(previous, current, width, y, rows[y % window]!, sums)
      if (y >= window - 1) total += lengths
    }
    return (total / windows) * sobelGain
  }
}

/** Ix, Iy, It of one row. */
type Gradients = [Int32Array, Int32Array, Int32Array]

/** ΣIx², ΣIxIy, ΣIy², ΣIxIt, ΣIyIt of the last five gradient rows, one column each: whole numbers, which doubles hold exactly. */
type ColumnSums = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]

/**
 * Slides the windows down by a row: its gradients enter the column sums, those of the row five above, kept in `row`, leave.
 * On the way across, running sums of the last five columns are the windows' sums: each window is solved as it fills.
 * Returns the added lengths in Sobel units. Gradients and products stay
 * whole (`Math.imul`, `| 0`), sums are doubles, and one loop does both: so engines compile it to code without conversions.
 */
function slideRow(
  previous: Uint8Array,
  current: Uint8Array,
  width: number,
  y: number,
  [gx, gy, gt]: Gradients,
  [xx, xy, yy, xt, yt]: ColumnSums,
): number {
  const columns = width - 2
  const reach = window - 1
  const epsilon = flowEpsilon
  const above = y * width
  const middle = above + width
  const below = middle + width
  let [a0, a1] = [previous[above]!, previous[above + 1]!]
  let [b0, b1] = [previous[middle]!, previous[middle + 1]!]
  let [c0, c1] = [previous[below]!, previous[below + 1]!]
  let sxx = 0
  let sxy = 0
  let syy = 0
  let sxt = 0
  let syt = 0
  let total = 0
  for (let x = 0; x < columns; x++) {
    const a2 = previous[above + x + 2]!
    const b2 = previous[middle + x + 2]!
    const c2 = previous[below + x + 2]!
    const ix = (a2 - a0 + 2 * (b2 - b0) + c2 - c0) | 0
    const iy = (c0 - a0 + 2 * (c1 - a1) + c2 - a2) | 0
    const it = (current[middle + x + 1]! - b1) | 0
    const ox = gx[x]!
    const oy = gy[x]!
    const ot = gt[x]!
    sxx += xx[x] = xx[x]! + (Math.imul(ix, ix) - Math.imul(ox, ox))
    sxy += xy[x] = xy[x]! + (Math.imul(ix, iy) - Math.imul(ox, oy))
    syy += yy[x] = yy[x]! + (Math.imul(iy, iy) - Math.imul(oy, oy))
    sxt += xt[x] = xt[x]! + (Math.imul(ix, it) - Math.imul(ox, ot))
    syt += yt[x] = yt[x]! + (Math.imul(iy, it) - Math.imul(oy, ot))
    gx[x] = ix
    gy[x] = iy
    gt[x] = it
    a0 = a1
    a1 = a2
    b0 = b1
    b1 = b2
    c0 = c1
    c1 = c2
    if (x < reach) continue
    const a = sxx + epsilon
    const c = syy + epsilon
    const u = sxy * syt - c * sxt
    const v = sxy * sxt - a * syt
    total += Math.sqrt(u * u + v * v) / (a * c - sxy * sxy)
    sxx -= xx[x - reach]!
    sxy -= xy[x - reach]!
    syy -= yy[x - reach]!
    sxt -= xt[x - reach]!
    syt -= yt[x - reach]!
  }
  return total
}

/** @throws TypeError when a grey image does not have `width * height` bytes */
export function checkGray(name: string, gray: Uint8Array, width: number, height: number): void {
  if (gray.length !== width * height)
    throw new TypeError(`${name} has ${gray.length} bytes: a ${width}x${height} grey image has ${width * height}`)
}
