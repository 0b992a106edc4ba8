// The picture kernels of @perstream/lite, in AssemblyScript with SIMD. The host (src/reading-picture.ts) places every buffer
// and leaves room for a vector read past the end of the pixels. src/line-crop.ts holds the twins that define correct.

/** Extends the low four bytes of a vector to floats. */
// @ts-ignore: decorator
@inline
function floats(bytes: v128): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)))
}

/** Writes 16 levels of one channel as floats: level * scale - shift. */
// @ts-ignore: decorator
@inline
function spread(levels: v128, scale: v128, shift: v128, out: usize): void {
  v128.store(out, f32x4.sub(f32x4.mul(floats(levels), scale), shift))
  v128.store(out, f32x4.sub(f32x4.mul(floats(i8x16.shuffle(levels, levels, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7)), scale), shift), 16)
  v128.store(out, f32x4.sub(f32x4.mul(floats(i8x16.shuffle(levels, levels, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11)), scale), shift), 32)
  v128.store(out, f32x4.sub(f32x4.mul(floats(i8x16.shuffle(levels, levels, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15)), scale), shift), 48)
}

/**
 * Turns `count` RGB pixels into three rows of floats, blue, green and red, `plane` bytes apart, each level * scale - shift.
 * Writes up to 15 floats past the end of each row.
 */
export function planes(
  rgb: usize, count: i32, out: usize, plane: usize,
  blueScale: f32, blueShift: f32, greenScale: f32, greenShift: f32, redScale: f32, redShift: f32,
): void {
  const bs = f32x4.splat(blueScale)
  const bt = f32x4.splat(blueShift)
  const gs = f32x4.splat(greenScale)
  const gt = f32x4.splat(greenShift)
  const rs = f32x4.splat(redScale)
  const rt = f32x4.splat(redShift)
  for (let i = 0; i < count; i += 16) {
    const a = v128.load(rgb)
    const b = v128.load(rgb, 16)
    const c = v128.load(rgb, 32)
    const red = i8x16.shuffle(i8x16.shuffle(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0), c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29)
    const green = i8x16.shuffle(i8x16.shuffle(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0), c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30)
    const blue = i8x16.shuffle(i8x16.shuffle(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0), c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31)
    spread(blue, bs, bt, out)
    spread(green, gs, gt, out + plane)
    spread(red, rs, rt, out + 2 * plane)
    rgb += 48
    out += 64
  }
}

/**
 * Adds `count` bilinear samples along a line, each times `weight`, to three rows of floats, blue, green and red, `plane`
 * bytes apart. Points count from the middle of the first pixel; beyond the edge, the edge.
 */
export function sample(
  rgb: usize, width: i32, height: i32, x: f64, y: f64, stepX: f64, stepY: f64,
  out: usize, plane: usize, count: i32, weight: f64,
): void {
  const lastX = <f64>(width - 1)
  const lastY = <f64>(height - 1)
  for (let i = 0; i < count; i++) {
    const fx = Math.min(Math.max(x, 0), lastX)
    const fy = Math.min(Math.max(y, 0), lastY)
    const left = <i32>fx
    const top = <i32>fy
    const right: usize = left < width - 1 ? 3 : 0
    const upper = rgb + <usize>((top * width + left) * 3)
    const lower = top < height - 1 ? upper + <usize>(width * 3) : upper
    const low = (fy - <f64>top) * weight
    const high = weight - low
    const part = fx - <f64>left
    const p11 = part * low
    const p10 = part * high
    const sum = f32x4.add(
      f32x4.add(
        f32x4.mul(f32x4.splat(<f32>(high - p10)), floats(v128.load32_zero(upper))),
        f32x4.mul(f32x4.splat(<f32>p10), floats(v128.load32_zero(upper + right))),
      ),
      f32x4.add(
        f32x4.mul(f32x4.splat(<f32>(low - p11)), floats(v128.load32_zero(lower))),
        f32x4.mul(f32x4.splat(<f32>p11), floats(v128.load32_zero(lower + right))),
      ),
    )
    store<f32>(out, load<f32>(out) + f32x4.extract_lane(sum, 2))
    store<f32>(out + plane, load<f32>(out + plane) + f32x4.extract_lane(sum, 1))
    store<f32>(out + 2 * plane, load<f32>(out + 2 * plane) + f32x4.extract_lane(sum, 0))
    out += 4
    x += stepX
    y += stepY
  }
}
