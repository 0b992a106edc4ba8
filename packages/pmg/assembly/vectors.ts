// The vector kernels of @perstream/pmg, in AssemblyScript with SIMD, over the rows of one memory (src/wasm-bank.ts lays it out).
// A segment is 256 rows of f32, then 256 rows of codes: int8 values, their scale (f32) and the length of what they miss (f32).
// Rows are padded with zeros to whole steps of 16 elements. src/typescript-bank.ts is the twin that defines correct.

let width: usize = 0
let segments: usize = 0
let query: usize = 0
let queryCodes: usize = 0
let mask: usize = 0
let rows: usize = 0
let scores: usize = 0
/** What bounds are made with, four times each (src/prepared-query.ts), and those of the last eight rows. */
let scale: v128 = f32x4.splat(0)
let length: v128 = f32x4.splat(0)
let slack: v128 = f32x4.splat(0)
let first: v128 = f32x4.splat(0)
let second: v128 = f32x4.splat(0)

/** Tells where things are. `rows` and `scores` hold 512 numbers. */
export function configure(paddedWidth: usize, atQuery: usize, atQueryCodes: usize, atMask: usize, atRows: usize, atScores: usize, atSegments: usize): void {
  width = paddedWidth
  query = atQuery
  queryCodes = atQueryCodes
  mask = atMask
  rows = atRows
  scores = atScores
  segments = atSegments
}

// @ts-ignore: decorator
@inline
function segmentOf(row: u32): usize {
  return segments + <usize>(row >> 8) * (256 * (width * 5 + 8))
}

// @ts-ignore: decorator
@inline
function valuesOf(row: u32): usize {
  return segmentOf(row) + <usize>(row & 255) * (width << 2)
}

// @ts-ignore: decorator
@inline
function codesOf(row: u32): usize {
  return segmentOf(row) + (width << 10) + <usize>(row & 255) * (width + 8)
}

// @ts-ignore: decorator
@inline
function fourSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7))
  return f32x4.add(i32x4.shuffle(ab, cd, 0, 1, 4, 5), i32x4.shuffle(ab, cd, 2, 3, 6, 7))
}

// @ts-ignore: decorator
@inline
function fourWholeSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7))
  const cd = i32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7))
  return i32x4.add(i32x4.shuffle(ab, cd, 0, 1, 4, 5), i32x4.shuffle(ab, cd, 2, 3, 6, 7))
}

// @ts-ignore: decorator
@inline
function step(sum: v128, a: usize, b: usize): v128 {
  return f32x4.add(sum, f32x4.mul(v128.load(a), v128.load(b)))
}

/** The dot product of the query with a row, in four parts. Memory is the limit, and one row after the other reads fastest. */
function dot(row: u32): v128 {
  const q = query
  const bytes = width << 2
  const r = valuesOf(row)
  let a = f32x4.splat(0)
  let b = f32x4.splat(0)
  let c = f32x4.splat(0)
  let d = f32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 64) {
    a = step(a, q + i, r + i)
    b = step(b, q + i + 16, r + i + 16)
    c = step(c, q + i + 32, r + i + 32)
    d = step(d, q + i + 48, r + i + 48)
  }
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d))
}

/** Dot products of the query with the four rows listed at `list`. */
// @ts-ignore: decorator
@inline
function dots(list: usize): v128 {
  return fourSums(dot(load<u32>(list)), dot(load<u32>(list, 4)), dot(load<u32>(list, 8)), dot(load<u32>(list, 12)))
}

// @ts-ignore: decorator
@inline
function codeStep(sum: v128, x: v128, y: v128, at: usize): v128 {
  return i32x4.add(i32x4.add(sum, i32x4.dot_i16x8_s(x, v128.load8x8_s(at))), i32x4.dot_i16x8_s(y, v128.load8x8_s(at, 8)))
}

// @ts-ignore: decorator
@inline
function fourAt(a: usize, b: usize, c: usize, d: usize): v128 {
  return v128.load32_lane(d, v128.load32_lane(c, v128.load32_lane(b, v128.load32_zero(a), 1), 2), 3)
}

/** The most that dot products of the query with four rows can be, from the sums of their codes and what stands behind the codes. */
// @ts-ignore: decorator
@inline
function bounds(sums: v128, a: usize, b: usize, c: usize, d: usize): v128 {
  const scales = fourAt(a, b, c, d)
  const missed = fourAt(a + 4, b + 4, c + 4, d + 4)
  return f32x4.add(f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(sums), scales), scale), f32x4.add(f32x4.mul(missed, length), slack))
}

/** The most that the four rows listed at `list` can score. Where rows lie side by side, four at a time read fastest. */
function fourBounds(list: usize): v128 {
  const q = queryCodes
  const bytes = width
  const a = codesOf(load<u32>(list))
  const b = codesOf(load<u32>(list, 4))
  const c = codesOf(load<u32>(list, 8))
  const d = codesOf(load<u32>(list, 12))
  let sa = i32x4.splat(0)
  let sb = i32x4.splat(0)
  let sc = i32x4.splat(0)
  let sd = i32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 16) {
    const x = v128.load(q + (i << 1))
    const y = v128.load(q + (i << 1), 16)
    sa = codeStep(sa, x, y, a + i)
    sb = codeStep(sb, x, y, b + i)
    sc = codeStep(sc, x, y, c + i)
    sd = codeStep(sd, x, y, d + i)
  }
  return bounds(fourWholeSums(sa, sb, sc, sd), a + bytes, b + bytes, c + bytes, d + bytes)
}

/** The most that the eight rows listed at `list` can score, into `first` and `second`: rows that lie apart are waited for together. */
function eightBounds(list: usize): void {
  const q = queryCodes
  const bytes = width
  const a = codesOf(load<u32>(list))
  const b = codesOf(load<u32>(list, 4))
  const c = codesOf(load<u32>(list, 8))
  const d = codesOf(load<u32>(list, 12))
  const e = codesOf(load<u32>(list, 16))
  const f = codesOf(load<u32>(list, 20))
  const g = codesOf(load<u32>(list, 24))
  const h = codesOf(load<u32>(list, 28))
  let sa = i32x4.splat(0)
  let sb = i32x4.splat(0)
  let sc = i32x4.splat(0)
  let sd = i32x4.splat(0)
  let se = i32x4.splat(0)
  let sf = i32x4.splat(0)
  let sg = i32x4.splat(0)
  let sh = i32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 16) {
    const x = v128.load(q + (i << 1))
    const y = v128.load(q + (i << 1), 16)
    sa = codeStep(sa, x, y, a + i)
    sb = codeStep(sb, x, y, b + i)
    sc = codeStep(sc, x, y, c + i)
    sd = codeStep(sd, x, y, d + i)
    se = codeStep(se, x, y, e + i)
    sf = codeStep(sf, x, y, f + i)
    sg = codeStep(sg, x, y, g + i)
    sh = codeStep(sh, x, y, h + i)
  }
  first = bounds(fourWholeSums(sa, sb, sc, sd), a + bytes, b + bytes, c + bytes, d + bytes)
  second = bounds(fourWholeSums(se, sf, sg, sh), e + bytes, f + bytes, g + bytes, h + bytes)
}

/** Repeats the last row of a list until fours are whole. */
// @ts-ignore: decorator
@inline
function fillUp(count: u32): void {
  for (let i = count; (i & 3) !== 0; i++) store<u32>(rows + (<usize>i << 2), load<u32>(rows + (<usize>(i - 1) << 2)))
}

/** Keeps the listed rows that score more than `floor`, with their scores; returns how many. */
export function keepAbove(count: u32, floor: f32): u32 {
  fillUp(count)
  const least = f32x4.splat(floor)
  let kept: u32 = 0
  for (let i: u32 = 0; i < count; i += 4) {
    const list = rows + (<usize>i << 2)
    kept = keepFour(v128.load(list), dots(list), least, count - i, kept)
  }
  return kept
}

// @ts-ignore: decorator
@inline
function keepFour(four: v128, found: v128, least: v128, left: u32, kept: u32): u32 {
  const hits = i32x4.bitmask(f32x4.gt(found, least))
  return hits === 0 ? kept : keep(four, found, hits, left, kept)
}

function keep(four: v128, found: v128, hits: i32, left: u32, kept: u32): u32 {
  if (hits & 1) kept = keepOne(i32x4.extract_lane(four, 0), f32x4.extract_lane(found, 0), kept)
  if (hits & 2 && left > 1) kept = keepOne(i32x4.extract_lane(four, 1), f32x4.extract_lane(found, 1), kept)
  if (hits & 4 && left > 2) kept = keepOne(i32x4.extract_lane(four, 2), f32x4.extract_lane(found, 2), kept)
  if (hits & 8 && left > 3) kept = keepOne(i32x4.extract_lane(four, 3), f32x4.extract_lane(found, 3), kept)
  return kept
}

// @ts-ignore: decorator
@inline
function keepOne(row: u32, score: f32, kept: u32): u32 {
  store<u32>(rows + (<usize>kept << 2), row)
  store<f32>(scores + (<usize>kept << 2), score)
  return kept + 1
}

/** As {@link keepAbove}, but a row is read only when its codes cannot rule it out. */
export function keepAboveByCodes(count: u32, floor: f32, queryScale: f32, queryLength: f32, querySlack: f32): u32 {
  fillUp(count)
  const least = f32x4.splat(floor)
  scale = f32x4.splat(queryScale)
  length = f32x4.splat(queryLength)
  slack = f32x4.splat(querySlack)
  let kept: u32 = 0
  let i: u32 = 0
  while (i < count) {
    const list = rows + (<usize>i << 2)
    if (i + 8 <= count && load<u32>(list, 28) - load<u32>(list) !== 7) {
      eightBounds(list)
      const others = v128.load(list, 16)
      kept = keepFour(v128.load(list), first, least, 4, kept)
      kept = keepFour(others, second, least, 4, kept)
      i += 8
    } else {
      kept = keepFour(v128.load(list), fourBounds(list), least, count - i, kept)
      i += 4
    }
  }
  return keepAbove(kept, floor)
}

/** Adds the rows of a segment whose bits are set in the mask to a list of `listed`, ascending; returns how many there are. */
export function listRows(segment: u32, listed: u32): u32 {
  let next: usize = rows + (<usize>listed << 2)
  let row = segment << 8
  for (let word: usize = 0; word < 32; word += 4) {
    let bits = load<u32>(mask + word)
    if (bits === 0xffffffff) {
      for (let i: u32 = 0; i < 32; i++) store<u32>(next + (<usize>i << 2), row + i)
      next += 128
    } else
      while (bits !== 0) {
        store<u32>(next, row + ctz(bits))
        next += 4
        bits &= bits - 1
      }
    row += 32
  }
  return <u32>(next - rows) >> 2
}

// @ts-ignore: decorator
@inline
function sumOf(four: v128): f32 {
  return f32x4.extract_lane(four, 0) + f32x4.extract_lane(four, 1) + f32x4.extract_lane(four, 2) + f32x4.extract_lane(four, 3)
}

// @ts-ignore: decorator
@inline
function codesAt(at: usize, perUnit: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(at), perUnit)))
}

// @ts-ignore: decorator
@inline
function missedAt(at: usize, codes: v128, unit: v128): v128 {
  const missed = f32x4.sub(v128.load(at), f32x4.mul(f32x4.convert_i32x4_s(codes), unit))
  return f32x4.mul(missed, missed)
}

/** Fills a row, and its codes, with zeros. */
export function clear(row: u32): void {
  memory.fill(valuesOf(row), 0, width << 2)
  memory.fill(codesOf(row), 0, width + 8)
}

/** Makes the codes of a row from its values; returns the square of its length. `safety` makes up for rounding. */
export function encode(row: u32, safety: f32): f32 {
  const values = valuesOf(row)
  const codes = codesOf(row)
  const bytes = width << 2
  let largest = f32x4.splat(0)
  let squares = f32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 16) {
    const four = v128.load(values + i)
    largest = f32x4.max(largest, f32x4.abs(four))
    squares = f32x4.add(squares, f32x4.mul(four, four))
  }
  const most = max(max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)), max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)))
  const unit = most / 127
  const units = f32x4.splat(unit)
  const perUnit = f32x4.splat(most === 0 ? 0 : 127 / most)
  let missed = f32x4.splat(0)
  for (let i: usize = 0; i < bytes; i += 64) {
    const at = values + i
    const a = codesAt(at, perUnit)
    const b = codesAt(at + 16, perUnit)
    const c = codesAt(at + 32, perUnit)
    const d = codesAt(at + 48, perUnit)
    missed = f32x4.add(f32x4.add(missed, missedAt(at, a, units)), f32x4.add(missedAt(at + 16, b, units), f32x4.add(missedAt(at + 32, c, units), missedAt(at + 48, d, units))))
    v128.store(codes + (i >> 2), i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)))
  }
  const square = sumOf(squares)
  store<f32>(codes + width, unit)
  store<f32>(codes + width, (<f32>Math.sqrt(<f64>sumOf(missed)) + <f32>Math.sqrt(<f64>square) * safety) * (1 + safety), 4)
  return square
}
