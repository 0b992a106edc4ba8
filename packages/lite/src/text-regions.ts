import type { NdArray } from '@perstream/spec'

/** A rotated rectangle around one line of text, in pixels of the picture. */
export interface TextRegion {
  readonly centerX: number
  readonly centerY: number
  /** Along the line of text. */
  readonly width: number
  /** Across it. */
  readonly height: number
  /** Radians, clockwise in the picture; 0 for level text, within a quarter turn. */
  readonly angle: number
  /** 0..1: mean probability of text inside. */
  readonly score: number
}

/** How regions are taken from a probability map. */
export interface TextRegionOptions {
  /** Probability from which a pixel is text. */
  readonly threshold?: number | undefined
  /** Mean probability from which a region is kept. */
  readonly minScore?: number | undefined
  /** Smallest height of the shrunk kernel, in pixels. */
  readonly minHeight?: number | undefined
  /** How far the shrunk kernel is grown: area / perimeter times this. */
  readonly unclip?: number | undefined
}

/** Blobs whose box is longer than this many heights have a direction that can be trusted. */
const LONG = 2.5

/**
 * Finds lines of text in a detector's probability map [height, width]: binarised, split into connected blobs, each given
 * its smallest rotated rectangle, which is grown back by what training shrank it (Liao et al. 2020, "Real-time scene text
 * detection with differentiable binarization"). Short blobs, whose own direction is noise, take that of the long ones.
 */
export function findTextRegions(map: NdArray<Float32Array>, options: TextRegionOptions = {}): TextRegion[] {
  const { threshold = 0.3, minScore = 0.55, minHeight = 3, unclip = 1.6 } = options
  const blobs = findBlobs(map, threshold).filter((blob) => blob.pixels >= minHeight * minHeight)
  const boxes = blobs.map((blob) => ({ blob, box: smallestBox(blob.hull) }))
  const direction = commonAngle(boxes.map(({ box }) => box).filter((box) => box.width > LONG * box.height))
  const regions: TextRegion[] = []
  for (const { blob, box: own } of boxes) {
    const box = own.width > LONG * own.height ? own : boxAt(blob.hull, direction)
    const score = blob.sum / Math.max(blob.pixels, box.width * box.height)
    if (score < minScore || Math.min(box.width, box.height) < minHeight) continue
    const margin = (box.width * box.height * unclip) / (2 * (box.width + box.height))
    regions.push({ ...box, width: box.width + 2 * margin, height: box.height + 2 * margin, score })
  }
  return regions
}

interface Blob {
  /** Convex hull of the pixels' corners: x0, y0, x1, y1, ... */
  readonly hull: readonly number[]
  readonly pixels: number
  readonly sum: number
}

function findBlobs(map: NdArray<Float32Array>, threshold: number): Blob[] {
  const width = map.shape[1]!
  const text = binarize(map, threshold)
  const blobs: Blob[] = []
  for (let start = text.indexOf(1); start >= 0; start = text.indexOf(1, start + 1))
    blobs.push(takeBlob(map, text, width + 2, start))
  return blobs
}

/** 1 for each pixel of text, with a margin of one 0 on all sides, so that every pixel has neighbours. */
function binarize({ data, shape, stride, offset }: NdArray<Float32Array>, threshold: number): Uint8Array {
  const [height, width] = shape as [number, number]
  const [rowStride, columnStride] = stride as [number, number]
  const text = new Uint8Array((width + 2) * (height + 2))
  for (let y = 0; y < height; y++) {
    let from = offset + y * rowStride
    let to = (y + 1) * (width + 2) + 1
    for (const end = to + width; to < end; to++, from += columnStride) if (data[from]! >= threshold) text[to] = 1
  }
  return text
}

/** Takes the pixels connected to one, corners too, out of the binarised picture. */
function takeBlob(
  { data, stride, offset }: NdArray<Float32Array>,
  text: Uint8Array,
  wide: number,
  start: number,
): Blob {
  const [rowStride, columnStride] = stride as [number, number]
  const neighbours = [-wide - 1, -wide, -wide + 1, -1, 1, wide - 1, wide, wide + 1]
  const rows = new Map<number, [number, number]>()
  const stack = [start]
  text[start] = 0
  let pixels = 0
  let sum = 0
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const x = (at % wide) - 1
    const y = Math.floor(at / wide) - 1
    pixels++
    sum += data[offset + y * rowStride + x * columnStride]!
    const row = rows.get(y)
    if (!row) rows.set(y, [x, x])
    else if (x < row[0]) row[0] = x
    else if (x > row[1]) row[1] = x
    for (const step of neighbours) {
      if (text[at + step] === 0) continue
      text[at + step] = 0
      stack.push(at + step)
    }
  }
  return { hull: hullOf(rows), pixels, sum }
}

/** The convex hull of rows of pixels, by Andrew's monotone chain: down the left side, up the right one. */
function hullOf(rows: ReadonlyMap<number, readonly [number, number]>): number[] {
  const left: number[] = []
  const right: number[] = []
  const ys = [...rows.keys()].sort((a, b) => a - b)
  for (const y of ys) for (const v of [y, y + 1]) extend(left, rows.get(y)![0], v)
  for (const y of ys.reverse()) for (const v of [y + 1, y]) extend(right, rows.get(y)![1] + 1, v)
  return [...left, ...right]
}

/** Adds a point to a chain, dropping those before it that would make a dent. */
function extend(chain: number[], x: number, y: number): void {
  while (chain.length >= 4 && cross(chain, x, y) >= 0) chain.length -= 2
  chain.push(x, y)
}

function cross(chain: readonly number[], x: number, y: number): number {
  const n = chain.length
  const [ax, ay, bx, by] = [chain[n - 4]!, chain[n - 3]!, chain[n - 2]!, chain[n - 1]!]
  return (bx - ax) * (y - ay) - (by - ay) * (x - ax)
}

type Rectangle = Omit<TextRegion, 'score'>

/** The rectangle of least area: one of its sides lies on an edge of the hull. */
function smallestBox(hull: readonly number[]): Rectangle {
  let best = boxAt(hull, 0)
  for (let i = 0; i < hull.length; i += 2) {
    const j = (i + 2) % hull.length
    const dx = hull[j]! - hull[i]!
    const dy = hull[j + 1]! - hull[i + 1]!
    if (dx === 0 && dy === 0) continue
    const box = boxAt(hull, quarter(Math.atan2(dy, dx)))
    if (box.width * box.height < best.width * best.height * 0.999) best = box
  }
  return best
}

/** The same direction within -45 to 45 degrees: text is taken to be nearer to level than to upright. */
function quarter(angle: number): number {
  return angle - Math.round(angle / (Math.PI / 2)) * (Math.PI / 2)
}

function boxAt(hull: readonly number[], angle: number): Rectangle {
  const c = Math.cos(angle)
  const s = Math.sin(angle)
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity]
  for (let i = 0; i < hull.length; i += 2) {
    const along = hull[i]! * c + hull[i + 1]! * s
    const across = hull[i + 1]! * c - hull[i]! * s
    left = Math.min(left, along)
    right = Math.max(right, along)
    top = Math.min(top, across)
    bottom = Math.max(bottom, across)
  }
  const u = (left + right) / 2
  const v = (top + bottom) / 2
  return { centerX: u * c - v * s, centerY: u * s + v * c, width: right - left, height: bottom - top, angle }
}

/** The median direction, long boxes counting more; 0 without any. */
function commonAngle(boxes: readonly Rectangle[]): number {
  const sorted = [...boxes].sort((a, b) => a.angle - b.angle)
  const half = sorted.reduce((sum, box) => sum + box.width, 0) / 2
  let passed = 0
  for (const box of sorted) {
    passed += box.width
    if (passed >= half) return box.angle
  }
  return 0
}
