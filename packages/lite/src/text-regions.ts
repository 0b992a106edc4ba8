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

/** How probable text is at each pixel, row-major: 0 never, 255 always. */
export interface ProbabilityMap {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
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
 * Finds lines of text in a detector's probability map: binarised, split into connected blobs, each given
 * its smallest rotated rectangle, which is grown back by what training shrank it (Liao et al. 2020, "Real-time scene text
 * detection with differentiable binarization"). Short blobs, whose own direction is noise, take that of the long ones.
 */
export function findTextRegions(map: ProbabilityMap, options: TextRegionOptions = {}): TextRegion[] {
  const { threshold = 0.3, minScore = 0.55, minHeight = 3, unclip = 1.6 } = options
  const blobs = findBlobs(map, 255 * threshold).filter((blob) => blob.pixels >= minHeight * minHeight)
  const boxes = blobs.map((blob) => ({ blob, box: smallestBox(blob.hull) }))
  const direction = commonAngle(boxes.map(({ box }) => box).filter((box) => box.width > LONG * box.height))
  const regions: TextRegion[] = []
  for (const { blob, box: own } of boxes) {
    const box = own.width > LONG * own.height ? own : boxAt(blob.hull, direction)
    const score = blob.sum / 255 / Math.max(blob.pixels, box.width * box.height)
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

function findBlobs(map: ProbabilityMap, level: number): Blob[] {
  const { data } = map
  const seen = new Uint8Array((data.length >> 3) + 1)
  const blobs: Blob[] = []
  for (let start = 0; start < data.length; start++)
    if (data[start]! >= level && visit(seen, start)) blobs.push(takeBlob(map, level, seen, start))
  return blobs
}

/** Notes that a pixel is seen; false when it was before. */
function visit(seen: Uint8Array, pixel: number): boolean {
  const bit = 1 << (pixel & 7)
  if (seen[pixel >> 3]! & bit) return false
  seen[pixel >> 3]! |= bit
  return true
}

/** Takes in the pixels of text that are connected to one, corners too. */
function takeBlob({ data, width, height }: ProbabilityMap, level: number, seen: Uint8Array, start: number): Blob {
  const rows = new Map<number, [number, number]>()
  const stack = [start]
  let pixels = 0
  let sum = 0
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const x = at % width
    const y = (at - x) / width
    pixels++
    sum += data[at]!
    const row = rows.get(y)
    if (!row) rows.set(y, [x, x])
    else if (x < row[0]) row[0] = x
    else if (x > row[1]) row[1] = x
    const left = x > 0 ? -1 : 0
    const right = x < width - 1 ? 1 : 0
    const up = y > 0 ? -width : 0
    const down = y < height - 1 ? width : 0
    for (let line = at + up; line <= at + down; line += width)
      for (let next = line + left; next <= line + right; next++)
        if (data[next]! >= level && visit(seen, next)) stack.push(next)
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
