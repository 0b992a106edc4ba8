import { roundingShare } from './rounding-share'

/** A query as the banks compare with it. */
export interface PreparedQuery {
  readonly values: Float32Array
  /** The values over `scale`, rounded. */
  readonly codes: Int16Array
  readonly scale: number
  /** Length of what the codes stand for, or a little more. */
  readonly length: number
  /** What a score can exceed its estimate by, beside what the row's own codes miss times `length`. */
  readonly slack: number
}

const noCodes = new Int16Array(0)

/**
 * Prepares a query that is compared by values alone, at a tenth of what its codes cost. By codes it rules nothing out.
 *
 * @throws TypeError when the query is not finite
 */
export function plainQuery(values: Float32Array): PreparedQuery {
  sizeOf(values)
  return { values, codes: noCodes, scale: 0, length: 0, slack: Number.POSITIVE_INFINITY }
}

/**
 * Quantises a query to 16 bits, so that a dot product with 8-bit codes fits 32. The bound this is for: with q = q' + e and
 * r = r' + f (codes and what they miss), qr - q'r' = q'f + er, so |qr - q'r'| <= |q'||f| + |e||r|.
 *
 * @param longest no row is longer than this
 * @throws TypeError when the query is not finite
 */
export function prepareQuery(values: Float32Array, longest: number): PreparedQuery {
  const { length: dimensions } = values
  const { most, squares } = sizeOf(values)
  const norm = Math.sqrt(squares)
  const root = Math.sqrt(dimensions)
  // By Cauchy-Schwarz no sum of products of codes, in part or whole, then reaches 2^31.
  const longestCodes = (2 ** 31 - 1) / (127 * root) - root
  const scale = Math.fround(Math.max(most / 32767, norm / longestCodes))
  const codes = new Int16Array(dimensions)
  let missed = 0
  let length = 0
  for (let i = 0; scale > 0 && i < dimensions; i++) {
    const code = Math.min(32767, Math.max(-32767, Math.round(values[i]! / scale)))
    codes[i] = code
    missed += (values[i]! - scale * code) ** 2
    length += (scale * code) ** 2
  }
  if (scale === 0) missed = squares
  const slack = (Math.sqrt(missed) + 2 * roundingShare(dimensions) * norm) * longest * (1 + 1e-6) + 1e-30
  return { values, codes, scale, length: Math.sqrt(length) * (1 + 1e-6), slack }
}

/** The largest element, without its sign, and the squared length, both finite. */
function sizeOf(values: Float32Array): { readonly most: number; readonly squares: number } {
  let most = 0
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    most = Math.max(most, Math.abs(values[i]!))
    squares += values[i]! * values[i]!
  }
  if (!Number.isFinite(Math.fround(squares)))
    throw new TypeError(`query has a squared length of ${squares}: it must be finite, in single precision too`)
  return { most, squares }
}
