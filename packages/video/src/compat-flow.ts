/** One plane of numbers, row-major, `data.length === width * height`. */
export interface FloatImage {
  readonly data: Float32Array | Float64Array
  readonly width: number
  readonly height: number
}

/** How {@link compatFlow} measures. */
export interface CompatFlowOptions {
  /** Side of the window, odd. Default 5. */
  readonly window?: number | undefined
  /** Added to the diagonal. Default 1e-6. */
  readonly epsilon?: number | undefined
}

/** The prototype's flow between two grey images, in Sobel units: an eighth of a pixel. */
export interface CompatFlow {
  /** One value for each valid window, row-major, `columns * rows` of them. */
  readonly u: Float64Array
  readonly v: Float64Array
  readonly columns: number
  readonly rows: number
  /** As shipped: mean of sqrt(u² + u²), which never sees vertical motion. (fault B-09) */
  readonly shipped: number
  /** Mean of sqrt(u² + v²). */
  readonly corrected: number
}

/**
 * Measures Lucas-Kanade flow exactly as the prototype does: Sobel gradients of the last image with zero padding, which
 * makes false edges at the border, on images as they are given. (BEHAVIOUR 1.3, vectors A3 to A5)
 * @throws TypeError when the sizes differ
 */
export function compatFlow(last: FloatImage, current: FloatImage, options: CompatFlowOptions = {}): CompatFlow {
  const { window = 5, epsilon = 1e-6 } = options
  const { width, height } = last
  if (width !== current.width || height !== current.height)
    throw new TypeError(`images are ${width}x${height} and ${current.width}x${current.height}: they must be equal`)
  const columns = Math.max(0, width - window + 1)
  const rows = Math.max(0, height - window + 1)
  const gradients = sobel(last, current)
  const u = new Float64Array(columns * rows)
  const v = new Float64Array(columns * rows)
  let sumU = 0
  let sum = 0
  for (let i = 0; i < u.length; i++) {
    const [x, y] = [i % columns, Math.floor(i / columns)]
    const solved = solve(gradients, width, x, y, window, epsilon)
    u[i] = solved.u
    v[i] = solved.v
    sumU += Math.SQRT2 * Math.abs(solved.u)
    sum += Math.hypot(solved.u, solved.v)
  }
  return { u, v, columns, rows, shipped: sumU / u.length, corrected: sum / u.length }
}

interface Gradients {
  readonly x: Float64Array
  readonly y: Float64Array
  readonly t: Float64Array
}

function sobel(last: FloatImage, current: FloatImage): Gradients {
  const { width, height, data } = last
  const at = (x: number, y: number) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : data[y * width + x]!)
  const gx = new Float64Array(width * height)
  const gy = new Float64Array(width * height)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const slope = (dx: number, dy: number) => at(x + dx, y + dy) - at(x - dx, y - dy)
      gx[i] = slope(1, -1) + 2 * slope(1, 0) + slope(1, 1)
      gy[i] = slope(-1, 1) + 2 * slope(0, 1) + slope(1, 1)
    }
  return { x: gx, y: gy, t: Float64Array.from(data, (value, i) => current.data[i]! - value) }
}

function solve(gradients: Gradients, width: number, left: number, top: number, window: number, epsilon: number) {
  let a = epsilon
  let b = 0
  let c = epsilon
  let p = 0
  let q = 0
  for (let y = top; y < top + window; y++)
    for (let i = y * width + left; i < y * width + left + window; i++) {
      const gx = gradients.x[i]!
      const gy = gradients.y[i]!
      const gt = gradients.t[i]!
      a += gx * gx
      b += gx * gy
      c += gy * gy
      p += gx * gt
      q += gy * gt
    }
  const determinant = a * c - b * b
  return { u: (b * q - c * p) / determinant, v: (b * p - a * q) / determinant }
}
