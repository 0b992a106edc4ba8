// The pixel kernels of @perstream/video, in AssemblyScript with SIMD. Every buffer is placed by the host (src/flow-kernel.ts),
// padded so that a vector read or write past the end of a row stays inside memory. src/optical-flow.ts, src/gray.ts and
// src/sharpness.ts are the twins that define correct.

/** Grey (77 R + 150 G + 29 B + 128) >> 8 of `count` RGB pixels, 16 at a time. */
export function gray(rgb: usize, out: usize, count: i32): void {
  const red = i8x16.splat(77)
  const green = i8x16.splat(150 as i8)
  const blue = i8x16.splat(29)
  const half = i16x8.splat(128)
  for (let i = 0; i < count; i += 16) {
    const a = v128.load(rgb)
    const b = v128.load(rgb, 16)
    const c = v128.load(rgb, 32)
    const r = i8x16.shuffle(i8x16.shuffle(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0), c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29)
    const g = i8x16.shuffle(i8x16.shuffle(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0), c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30)
    const l = i8x16.shuffle(i8x16.shuffle(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0), c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31)
    const low = i16x8.add(i16x8.add(i16x8.extmul_low_i8x16_u(r, red), i16x8.extmul_low_i8x16_u(g, green)), i16x8.add(i16x8.extmul_low_i8x16_u(l, blue), half))
    const high = i16x8.add(i16x8.add(i16x8.extmul_high_i8x16_u(r, red), i16x8.extmul_high_i8x16_u(g, green)), i16x8.add(i16x8.extmul_high_i8x16_u(l, blue), half))
    v128.store(out, i8x16.narrow_i16x8_u(i16x8.shr_u(low, 8), i16x8.shr_u(high, 8)))
    rgb += 48
    out += 16
  }
}

/** Variance of the Laplacian over the interior. Needs width and height of 3 or more, and width of at most 8192. */
export function sharpness(image: usize, width: i32, height: i32): f64 {
  const inner = width - 2
  let sum: i64 = 0
  let squares: i64 = 0
  for (let y = 1; y < height - 1; y++) {
    const row = image + <usize>(y * width)
    let rowSum = i32x4.splat(0)
    let rowSquares = i32x4.splat(0)
    let x = 0
    for (; x + 8 <= inner; x += 8) {
      const at = row + <usize>x
      const around = i16x8.add(
        i16x8.add(v128.load8x8_u(at), v128.load8x8_u(at, 2)),
        i16x8.add(v128.load8x8_u(at - <usize>width + 1), v128.load8x8_u(at + <usize>width + 1)),
      )
      const l = i16x8.sub(around, i16x8.shl(v128.load8x8_u(at, 1), 2))
      rowSum = i32x4.add(rowSum, i32x4.extadd_pairwise_i16x8_s(l))
      rowSquares = i32x4.add(rowSquares, i32x4.dot_i16x8_s(l, l))
    }
    sum += <i64>i32x4.extract_lane(rowSum, 0) + <i64>i32x4.extract_lane(rowSum, 1) + <i64>i32x4.extract_lane(rowSum, 2) + <i64>i32x4.extract_lane(rowSum, 3)
    squares += <i64><u32>i32x4.extract_lane(rowSquares, 0) + <i64><u32>i32x4.extract_lane(rowSquares, 1) + <i64><u32>i32x4.extract_lane(rowSquares, 2) + <i64><u32>i32x4.extract_lane(rowSquares, 3)
    for (; x < inner; x++) {
      const at = row + <usize>x
      const l = <i32>load<u8>(at) + <i32>load<u8>(at, 2) + <i32>load<u8>(at - <usize>width + 1) + <i32>load<u8>(at + <usize>width + 1) - 4 * <i32>load<u8>(at, 1)
      sum += <i64>l
      squares += <i64>(l * l)
    }
  }
  const count = <f64>inner * <f64>(height - 2)
  const mean = <f64>sum / count
  return <f64>squares / count - mean * mean
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, change: v128): void {
  v128.store(at, i32x4.add(v128.load(at), change))
}

/**
 * One row of gradients enters the window, the row five above leaves: the five column sums change by new products minus old
 * ones, which is one pairwise dot product each. `ring` holds three i16 planes (Ix, Iy, It) of the row that leaves.
 */
// @ts-ignore: decorator
@inline
function slide(previous: usize, current: usize, width: usize, columns: i32, ring: usize, sums: usize, stride: usize): void {
  const wide = stride << 1
  const plane = stride << 2
  for (let x: usize = 0; x < <usize>columns; x += 8) {
    const above = previous + x
    const middle = above + width
    const below = middle + width
    const al = v128.load8x8_u(above)
    const ar = v128.load8x8_u(above, 2)
    const cl = v128.load8x8_u(below)
    const cr = v128.load8x8_u(below, 2)
    const side = i16x8.sub(v128.load8x8_u(middle, 2), v128.load8x8_u(middle))
    const up = i16x8.sub(v128.load8x8_u(below, 1), v128.load8x8_u(above, 1))
    const gx = i16x8.add(i16x8.add(i16x8.sub(ar, al), i16x8.sub(cr, cl)), i16x8.shl(side, 1))
    const gy = i16x8.add(i16x8.add(i16x8.sub(cl, al), i16x8.sub(cr, ar)), i16x8.shl(up, 1))
    const gt = i16x8.sub(v128.load8x8_u(current + width + x, 1), v128.load8x8_u(middle, 1))
    const slot = ring + (x << 1)
    const ox = v128.load(slot)
    const oy = v128.load(slot + wide)
    const ot = v128.load(slot + (wide << 1))
    v128.store(slot, gx)
    v128.store(slot + wide, gy)
    v128.store(slot + (wide << 1), gt)
    const nx = i16x8.neg(ox)
    const ny = i16x8.neg(oy)
    const nt = i16x8.neg(ot)
    const axl = i16x8.shuffle(gx, ox, 0, 8, 1, 9, 2, 10, 3, 11)
    const axh = i16x8.shuffle(gx, ox, 4, 12, 5, 13, 6, 14, 7, 15)
    const ayl = i16x8.shuffle(gy, oy, 0, 8, 1, 9, 2, 10, 3, 11)
    const ayh = i16x8.shuffle(gy, oy, 4, 12, 5, 13, 6, 14, 7, 15)
    const bxl = i16x8.shuffle(gx, nx, 0, 8, 1, 9, 2, 10, 3, 11)
    const bxh = i16x8.shuffle(gx, nx, 4, 12, 5, 13, 6, 14, 7, 15)
    const byl = i16x8.shuffle(gy, ny, 0, 8, 1, 9, 2, 10, 3, 11)
    const byh = i16x8.shuffle(gy, ny, 4, 12, 5, 13, 6, 14, 7, 15)
    const btl = i16x8.shuffle(gt, nt, 0, 8, 1, 9, 2, 10, 3, 11)
    const bth = i16x8.shuffle(gt, nt, 4, 12, 5, 13, 6, 14, 7, 15)
    const at = sums + (x << 2)
    addTo(at, i32x4.dot_i16x8_s(axl, bxl))
    addTo(at + 16, i32x4.dot_i16x8_s(axh, bxh))
    addTo(at + plane, i32x4.dot_i16x8_s(axl, byl))
    addTo(at + plane + 16, i32x4.dot_i16x8_s(axh, byh))
    addTo(at + plane * 2, i32x4.dot_i16x8_s(ayl, byl))
    addTo(at + plane * 2 + 16, i32x4.dot_i16x8_s(ayh, byh))
    addTo(at + plane * 3, i32x4.dot_i16x8_s(axl, btl))
    addTo(at + plane * 3 + 16, i32x4.dot_i16x8_s(axh, bth))
    addTo(at + plane * 4, i32x4.dot_i16x8_s(ayl, btl))
    addTo(at + plane * 4 + 16, i32x4.dot_i16x8_s(ayh, bth))
  }
}

// @ts-ignore: decorator
@inline
function box(at: usize): v128 {
  return i32x4.add(
    i32x4.add(i32x4.add(v128.load(at), v128.load(at, 4)), i32x4.add(v128.load(at, 8), v128.load(at, 12))),
    v128.load(at, 16),
  )
}

// @ts-ignore: decorator
@inline
function lengths(xx: v128, xy: v128, yy: v128, xt: v128, yt: v128, eps: v128): v128 {
  const a = f64x2.add(f64x2.convert_low_i32x4_s(xx), eps)
  const b = f64x2.convert_low_i32x4_s(xy)
  const c = f64x2.add(f64x2.convert_low_i32x4_s(yy), eps)
  const p = f64x2.convert_low_i32x4_s(xt)
  const q = f64x2.convert_low_i32x4_s(yt)
  const det = f64x2.sub(f64x2.mul(a, c), f64x2.mul(b, b))
  const u = f64x2.sub(f64x2.mul(b, q), f64x2.mul(c, p))
  const v = f64x2.sub(f64x2.mul(b, p), f64x2.mul(a, q))
  return f64x2.div(f64x2.sqrt(f64x2.add(f64x2.mul(u, u), f64x2.mul(v, v))), det)
}

// @ts-ignore: decorator
@inline
function high(value: v128): v128 {
  return i32x4.shuffle(value, value, 2, 3, 2, 3)
}

/** Sum of the flow lengths of one row of windows, in Sobel units. */
// @ts-ignore: decorator
@inline
function solveRow(sums: usize, stride: usize, windows: i32, epsilon: f64): f64 {
  const plane = stride << 2
  const eps = f64x2.splat(epsilon)
  let total = f64x2.splat(0)
  let x = 0
  let at = sums
  for (; x + 4 <= windows; x += 4) {
    const xx = box(at)
    const xy = box(at + plane)
    const yy = box(at + plane * 2)
    const xt = box(at + plane * 3)
    const yt = box(at + plane * 4)
    total = f64x2.add(total, lengths(xx, xy, yy, xt, yt, eps))
    total = f64x2.add(total, lengths(high(xx), high(xy), high(yy), high(xt), high(yt), eps))
    at += 16
  }
  let sum = f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1)
  if (x < windows) {
    const xx = box(at)
    const xy = box(at + plane)
    const yy = box(at + plane * 2)
    const xt = box(at + plane * 3)
    const yt = box(at + plane * 4)
    const first = lengths(xx, xy, yy, xt, yt, eps)
    sum += f64x2.extract_lane(first, 0)
    if (x + 1 < windows) sum += f64x2.extract_lane(first, 1)
    if (x + 2 < windows) sum += f64x2.extract_lane(lengths(high(xx), high(xy), high(yy), high(xt), high(yt), eps), 0)
  }
  return sum
}

/**
 * Sum over all 5x5 windows of the Lucas-Kanade flow length between two grey images, in Sobel units (an eighth of a pixel).
 * `scratch` holds 5 rows of 3 i16 planes and 5 i32 planes of column sums, `stride` columns each.
 */
export function flow(previous: usize, current: usize, width: i32, height: i32, scratch: usize, stride: i32, epsilon: f64): f64 {
  const columns = width - 2
  const slot = <usize>(stride * 6)
  const sums = scratch + slot * 5
  memory.fill(scratch, 0, slot * 5 + <usize>(stride * 20))
  let total: f64 = 0
  let line: usize = 0
  for (let y = 0; y < height - 2; y++) {
    slide(previous + <usize>(y * width), current + <usize>(y * width), <usize>width, columns, scratch + line * slot, sums, <usize>stride)
    line = line === 4 ? 0 : line + 1
    if (y >= 4) total += solveRow(sums, <usize>stride, columns - 4, epsilon)
  }
  return total
}
