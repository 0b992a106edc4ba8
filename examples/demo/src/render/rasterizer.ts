import { axesOf, focalLength, intoCamera, type Pose } from '../camera/pose'
import { add, cross, dot, length, type Surface, subtract, surfaceFrame, type Vec3 } from '../scene/geometry'
import type { Lightmap } from '../scene/lightmap'
import type { Texture, TextureLevel } from './texture'

/** A surface with all that drawing it needs. */
export interface LitSurface {
  readonly surface: Surface
  readonly texture: Texture
  readonly lightmap: Lightmap
}

/** A drawn picture: linear light (width * height * 3) and one over the depth (0 where nothing was drawn). */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly color: Float32Array
  readonly nearness: Float32Array
}

/** Makes an empty picture. */
export const createPicture = (width: number, height: number): Picture => ({
  width,
  height,
  color: new Float32Array(width * height * 3),
  nearness: new Float32Array(width * height),
})

const nearPlane = 0.06
/** Pixels between two exact perspective divisions; texture and light are linear in between. */
const step = 16

/** Draws a world as a camera sees it, nearest surfaces first, into `picture`. */
export function drawWorld(world: readonly LitSurface[], pose: Pose, picture: Picture): void {
  picture.color.fill(0)
  picture.nearness.fill(0)
  const axes = axesOf(pose)
  const visible: { plane: Plane; distance: number }[] = []
  for (const item of world) {
    const { origin, right, down } = item.surface
    const { normal } = surfaceFrame(item.surface)
    if (dot(normal, subtract(pose.position, origin)) <= 0) continue
    const corner = intoCamera(subtract(origin, pose.position), axes)
    const plane = createPlane(item, corner, intoCamera(right, axes), intoCamera(down, axes), picture)
    if (plane) visible.push({ plane, distance: plane.distance })
  }
  visible.sort((a, b) => a.distance - b.distance)
  for (const { plane } of visible) fillPlane(plane, picture)
}

/** A surface in camera space; `depth`, `across` and `downward` are linear in the picture: value = [0] + x [1] + y [2]. */
interface Plane {
  readonly item: LitSurface
  readonly outline: readonly (readonly [x: number, y: number])[]
  readonly distance: number
  readonly depth: Vec3
  readonly across: Vec3
  readonly downward: Vec3
  readonly uShift: number
  readonly vShift: number
}

function createPlane(item: LitSurface, corner: Vec3, right: Vec3, down: Vec3, picture: Picture): Plane | undefined {
  const corners = [corner, add(corner, right), add(add(corner, right), down), add(corner, down)]
  const kept = clipNear(corners)
  if (kept.length < 3) return undefined
  const focal = focalLength(picture.width)
  const outline = kept.map(
    ([x, y, z]) => [picture.width / 2 + (x * focal) / z, picture.height / 2 + (y * focal) / z] as const,
  )
  if (isOutside(outline, picture)) return undefined
  const { alongRight, alongDown } = surfaceFrame({ right, down })
  const normal = cross(right, down)
  const offset = dot(normal, corner)
  const inPicture = (vector: Vec3): Vec3 => {
    const x = vector[0] / focal
    const y = vector[1] / focal
    return [vector[2] - ((picture.width - 1) / 2) * x - ((picture.height - 1) / 2) * y, x, y]
  }
  return {
    item,
    outline,
    distance: Math.min(...kept.map((point) => length(point))),
    depth: inPicture([normal[0] / offset, normal[1] / offset, normal[2] / offset]),
    across: inPicture(alongRight),
    downward: inPicture(alongDown),
    uShift: dot(corner, alongRight),
    vShift: dot(corner, alongDown),
  }
}

function clipNear(corners: readonly Vec3[]): Vec3[] {
  const kept: Vec3[] = []
  corners.forEach((current, i) => {
    const next = corners[(i + 1) % corners.length]!
    if (current[2] >= nearPlane) kept.push(current)
    if (current[2] >= nearPlane !== next[2] >= nearPlane) {
      const t = (nearPlane - current[2]) / (next[2] - current[2])
      kept.push([current[0] + (next[0] - current[0]) * t, current[1] + (next[1] - current[1]) * t, nearPlane])
    }
  })
  return kept
}

function isOutside(outline: Plane['outline'], { width, height }: Picture): boolean {
  return (
    outline.every(([x]) => x < 0) ||
    outline.every(([x]) => x > width) ||
    outline.every(([, y]) => y < 0) ||
    outline.every(([, y]) => y > height)
  )
}

function fillPlane(plane: Plane, picture: Picture): void {
  const ys = plane.outline.map(([, y]) => y)
  const first = Math.max(0, Math.ceil(Math.min(...ys) - 0.5))
  const last = Math.min(picture.height - 1, Math.ceil(Math.max(...ys) - 0.5) - 1)
  const span = new Float64Array(2)
  for (let y = first; y <= last; y++) {
    findSpan(plane.outline, y + 0.5, span)
    const from = Math.max(0, Math.ceil(span[0]! - 0.5))
    const to = Math.min(picture.width - 1, Math.ceil(span[1]! - 0.5) - 1)
    if (from <= to) fillRow(plane, y, from, to, picture)
  }
}

function findSpan(outline: Plane['outline'], y: number, span: Float64Array): void {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let i = 0; i < outline.length; i++) {
    const [ax, ay] = outline[i]!
    const [bx, by] = outline[i + 1 === outline.length ? 0 : i + 1]!
    if (ay <= y === by <= y) continue
    const x = ax + ((y - ay) / (by - ay)) * (bx - ax)
    if (x < low) low = x
    if (x > high) high = x
  }
  span[0] = low
  span[1] = high
}

function fillRow(plane: Plane, y: number, from: number, to: number, picture: Picture): void {
  const { depth, across, downward, uShift, vShift } = plane
  const { texture, surface, lightmap } = plane.item
  const depthRow = depth[0] + y * depth[2]
  const acrossRow = across[0] + y * across[2]
  const downwardRow = downward[0] + y * downward[2]
  const start = { u: 0, v: 0, light: [0, 0, 0] as [number, number, number] }
  const end = { u: 0, v: 0, light: [0, 0, 0] as [number, number, number] }
  const reach = (x: number, at: typeof start) => {
    const near = depthRow + x * depth[1]
    at.u = (acrossRow + x * across[1]) / near - uShift
    at.v = (downwardRow + x * downward[1]) / near - vShift
    readLight(lightmap, at.u, at.v, surface.glow, at.light)
    return near
  }
  reach(from, start)
  for (let x = from; x <= to; x += step) {
    const stop = Math.min(to, x + step - 1)
    const near = reach(stop + 1 > to ? stop : stop + 1, end)
    const count = stop + 1 > to ? Math.max(1, stop - x) : stop + 1 - x
    // How far one pixel moves in the texture, to the right and down: the larger one decides which level is read.
    const base = texture.levels[0]!
    const wide = surface.repeat[0] * base.width
    const high = surface.repeat[1] * base.height
    const perX = Math.hypot(((end.u - start.u) / count) * wide, ((end.v - start.v) / count) * high)
    const uDown = (across[2] - (end.u + uShift) * depth[2]) / near
    const vDown = (downward[2] - (end.v + vShift) * depth[2]) / near
    const perY = Math.hypot(uDown * wide, vDown * high)
    const level = Math.round(Math.log2(Math.max(1, 0.5 * Math.max(perX, perY) + 0.35 * Math.min(perX, perY))))
    const read = texture.levels[Math.min(texture.levels.length - 1, level)]!
    shade(read, texture.cut, surface.repeat, depthRow, depth[1], y * picture.width, x, stop, count, start, end, picture)
    start.u = end.u
    start.v = end.v
    start.light[0] = end.light[0]
    start.light[1] = end.light[1]
    start.light[2] = end.light[2]
  }
}

interface Reading {
  readonly u: number
  readonly v: number
  readonly light: readonly [number, number, number]
}

/** Linear light (0..1) by sRGB level. */
const linear = Float32Array.from({ length: 256 }, (_, value) => {
  const share = value / 255
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
})

/** Draws pixels `from` to `to` of a row. Texture places are kept as whole numbers of 1/256 texel. */
function shade(
  { width, height, pixels }: TextureLevel,
  cut: boolean,
  repeat: readonly [number, number],
  depthRow: number,
  depthStep: number,
  row: number,
  from: number,
  to: number,
  count: number,
  start: Reading,
  end: Reading,
  { color, nearness }: Picture,
): void {
  const wide = repeat[0] * width * 256
  const high = repeat[1] * height * 256
  const perPixel = 1 / count
  let u = start.u * wide - 128
  let v = start.v * high - 128
  const uStep = (end.u - start.u) * wide * perPixel
  const vStep = (end.v - start.v) * high * perPixel
  const columns = width - 1
  const lines = height - 1
  let red = start.light[0]
  let green = start.light[1]
  let blue = start.light[2]
  const redStep = (end.light[0] - red) * perPixel
  const greenStep = (end.light[1] - green) * perPixel
  const blueStep = (end.light[2] - blue) * perPixel
  for (let x = from; x <= to; x++, u += uStep, v += vStep, red += redStep, green += greenStep, blue += blueStep) {
    const near = depthRow + x * depthStep
    const at = row + x
    if (near <= nearness[at]!) continue
    const column = u | 0
    const line = v | 0
    const right = column & 255
    const lower = line & 255
    const x0 = (column >> 8) & columns
    const x1 = ((column >> 8) + 1) & columns
    const y0 = ((line >> 8) & lines) * width
    const y1 = (((line >> 8) + 1) & lines) * width
    if (cut && pixels[(lower < 128 ? y0 : y1) + (right < 128 ? x0 : x1)]! >= 0) continue
    nearness[at] = near
    const a = pixels[y0 + x0]!
    const b = pixels[y0 + x1]!
    const c = pixels[y1 + x0]!
    const d = pixels[y1 + x1]!
    // Red and blue are mixed side by side in one number: they lie 16 bits apart.
    const topEnds = mix(a & 0xff00ff, b & 0xff00ff, right) & 0xff00ff
    const bottomEnds = mix(c & 0xff00ff, d & 0xff00ff, right) & 0xff00ff
    const ends = mix(topEnds, bottomEnds, lower)
    const topGreen = mix((a >> 8) & 255, (b >> 8) & 255, right)
    const bottomGreen = mix((c >> 8) & 255, (d >> 8) & 255, right)
    const out = at * 3
    color[out] = red * linear[ends & 255]!
    color[out + 1] = green * linear[mix(topGreen, bottomGreen, lower) & 255]!
    color[out + 2] = blue * linear[(ends >> 16) & 255]!
  }
}

/** From `a` to `b` by `share` of 256. */
const mix = (a: number, b: number, share: number): number => (a + (Math.imul(b - a, share) >> 8)) | 0

function readLight({ columns, rows, values }: Lightmap, u: number, v: number, glow: number, out: number[]): void {
  const x = Math.min(0.9999, Math.max(0, u)) * (columns - 1)
  const y = Math.min(0.9999, Math.max(0, v)) * (rows - 1)
  const column = Math.floor(x)
  const row = Math.floor(y)
  const right = x - column
  const lower = y - row
  const at = (row * columns + column) * 3
  const below = at + columns * 3
  for (let channel = 0; channel < 3; channel++) {
    const top = values[at + channel]! * (1 - right) + values[at + 3 + channel]! * right
    const bottom = values[below + channel]! * (1 - right) + values[below + 3 + channel]! * right
    out[channel] = top * (1 - lower) + bottom * lower + glow
  }
}
