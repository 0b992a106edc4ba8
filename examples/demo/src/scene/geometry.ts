/** A point or direction in metres: x to the right, y up, z forward. */
export type Vec3 = readonly [x: number, y: number, z: number]

export const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
export const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
export const scale = (a: Vec3, factor: number): Vec3 => [a[0] * factor, a[1] * factor, a[2] * factor]
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
export const length = (a: Vec3): number => Math.hypot(a[0], a[1], a[2])
export const normalize = (a: Vec3): Vec3 => scale(a, 1 / length(a))
export const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

/**
 * A textured parallelogram, seen from the side that `right` x `down` points to. Texture coordinates run from 0 at `origin`
 * to `repeat` along both edges.
 */
export interface Surface {
  /** The corner that is top left for who looks at it. */
  readonly origin: Vec3
  readonly right: Vec3
  readonly down: Vec3
  readonly texture: string
  readonly repeat: readonly [u: number, v: number]
  /** Light it gives off itself, as a multiple of its texture; 0 for what is only lit. */
  readonly glow: number
  /** The room it stands in: light and shadow are worked out room by room. */
  readonly room: number
}

/** What a surface looks like. */
export interface Finish {
  readonly texture: string
  /** Metres one repeat of the texture covers, wide and high; without it the texture is stretched once over the surface. */
  readonly tile?: readonly [number, number]
  readonly glow?: number
}

/** Makes a surface from a corner and two edges. */
export function surface(origin: Vec3, right: Vec3, down: Vec3, finish: Finish, room: number): Surface {
  const { texture, tile, glow = 0 } = finish
  const repeat: [number, number] = tile ? [length(right) / tile[0], length(down) / tile[1]] : [1, 1]
  return { origin, right, down, texture, repeat, glow, room }
}

/** The unit vector that a viewer who looks along `heading` (radians, 0 along +z, growing to the right) has to the right. */
export const rightOf = (heading: number): Vec3 => [Math.cos(heading), 0, -Math.sin(heading)]

/** The unit vector along a heading. */
export const along = (heading: number): Vec3 => [Math.sin(heading), 0, Math.cos(heading)]

/** Makes an upright rectangle around `center`, for a viewer who looks along `heading`. `tilt` leans its top away, in radians. */
export function upright(
  center: Vec3,
  heading: number,
  size: readonly [width: number, height: number],
  finish: Finish,
  room: number,
  tilt = 0,
): Surface {
  const right = scale(rightOf(heading), size[0])
  const away = along(heading)
  const down = scale([-away[0] * Math.sin(tilt), -Math.cos(tilt), -away[2] * Math.sin(tilt)], size[1])
  const origin = subtract(center, scale(add(right, down), 0.5))
  return surface(origin, right, down, finish, room)
}

/** Makes a rectangle that lies face up around `center`; its top edge is the one farther along `heading`. */
export function lying(
  center: Vec3,
  heading: number,
  size: readonly [width: number, depth: number],
  finish: Finish,
  room: number,
): Surface {
  return upright(center, heading, size, finish, room, Math.PI / 2)
}

/** The finish of each side of a box, as seen by who looks along its heading; `sides` stands in for what is not given. */
interface BoxFinish {
  readonly sides: Finish
  readonly front?: Finish
  readonly top?: Finish
}

/**
 * Makes the visible faces of a box (not its underside): `base` is the middle of its underside, `heading` is where somebody
 * looks who sees its front, `size` is width, height and depth in metres.
 */
export function box(
  base: Vec3,
  heading: number,
  size: readonly [width: number, height: number, depth: number],
  { sides, front = sides, top = sides }: BoxFinish,
  room: number,
): Surface[] {
  const [width, height, depth] = size
  const middle = add(base, [0, height / 2, 0])
  const face = (turn: number, across: number, out: number, finish: Finish) =>
    upright(subtract(middle, scale(along(heading + turn), out)), heading + turn, [across, height], finish, room)
  return [
    face(0, width, depth / 2, front),
    face(Math.PI, width, depth / 2, sides),
    face(Math.PI / 2, depth, width / 2, sides),
    face(-Math.PI / 2, depth, width / 2, sides),
    lying(add(base, [0, height, 0]), heading, [width, depth], top, room),
  ]
}

/** An affine reading of a surface: where along its two edges a point lies. */
interface SurfaceFrame {
  readonly normal: Vec3
  readonly alongRight: Vec3
  readonly alongDown: Vec3
}

/** Works out the normal of a surface and the two vectors whose dot product with a point minus `origin` gives its u and v (0..1). */
export function surfaceFrame({ right, down }: Pick<Surface, 'right' | 'down'>): SurfaceFrame {
  const perpendicular = cross(right, down)
  const overRight = cross(down, perpendicular)
  const overDown = cross(perpendicular, right)
  return {
    normal: normalize(perpendicular),
    alongRight: scale(overRight, 1 / dot(overRight, right)),
    alongDown: scale(overDown, 1 / dot(overDown, down)),
  }
}
