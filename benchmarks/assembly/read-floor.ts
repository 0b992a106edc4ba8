// What reading costs at least: the sum of all floats of a stretch of memory, by eight SIMD accumulators.

export function sum(start: usize, bytes: usize): f32 {
  let a = f32x4.splat(0)
  let b = f32x4.splat(0)
  let c = f32x4.splat(0)
  let d = f32x4.splat(0)
  let e = f32x4.splat(0)
  let f = f32x4.splat(0)
  let g = f32x4.splat(0)
  let h = f32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 128) {
    const at = start + i
    a = f32x4.add(a, v128.load(at))
    b = f32x4.add(b, v128.load(at, 16))
    c = f32x4.add(c, v128.load(at, 32))
    d = f32x4.add(d, v128.load(at, 48))
    e = f32x4.add(e, v128.load(at, 64))
    f = f32x4.add(f, v128.load(at, 80))
    g = f32x4.add(g, v128.load(at, 96))
    h = f32x4.add(h, v128.load(at, 112))
  }
  a = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)))
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3)
}
