import { createRandom } from '@perstream/kit'
import { add, cross, dot, length, normalize, type Surface, scale, subtract, surfaceFrame, type Vec3 } from './geometry'

/** A rectangle that gives light, or a small lamp when it is small. */
export interface Light {
  readonly center: Vec3
  /** Half of its extent along x, y and z in metres. */
  readonly spread: Vec3
  /** Red, green and blue power. */
  readonly color: Vec3
  readonly room: number
}

/** Light that arrives on a surface: `columns` x `rows` samples of red, green, blue, from corner to corner, row by row. */
export interface Lightmap {
  readonly columns: number
  readonly rows: number
  readonly values: Float32Array
}

const spacing = 0.16
const shadowSamples = 4
const openSamples = 14
/** How far away something may stand and still darken a corner, in metres. */
const reach = 1.1

/**
 * Works out the light on every surface: direct light with soft shadows, plus the room's ambient light dimmed where
 * neighbours stand close. Only what is in the same room gives light and shadow.
 */
export function bakeLightmaps(
  surfaces: readonly Surface[],
  lights: readonly Light[],
  ambient: readonly Vec3[],
): Lightmap[] {
  const casters = new Map<number, Caster[]>()
  for (const item of surfaces) {
    if (!isSolid(item)) continue
    const list = casters.get(item.room) ?? []
    list.push(createCaster(item))
    casters.set(item.room, list)
  }
  return surfaces.map((item, index) => {
    const inRoom = casters.get(item.room) ?? []
    const lamps = lights.filter((light) => light.room === item.room)
    return bakeSurface(item, index, { casters: inRoom, lamps, ambient: ambient[item.room]! })
  })
}

interface Surroundings {
  readonly casters: readonly Caster[]
  readonly lamps: readonly Light[]
  readonly ambient: Vec3
}

/** A surface that gives shadow. */
export interface Caster {
  readonly surface: Surface
  readonly origin: Vec3
  readonly normal: Vec3
  readonly alongRight: Vec3
  readonly alongDown: Vec3
}

/** Whether a surface stands in the light: lamps, cut-outs and sheets of paper do not. */
export const isSolid = ({ glow, texture }: Surface): boolean =>
  glow === 0 && !texture.startsWith('cut-') && !texture.startsWith('sheet:')

/** Prepares a surface for {@link isBlocked}. */
export const createCaster = (item: Surface): Caster => ({ surface: item, origin: item.origin, ...surfaceFrame(item) })

function bakeSurface(item: Surface, seed: number, around: Surroundings): Lightmap {
  const cells = (edge: number) => Math.max(2, Math.min(56, Math.round(edge / spacing) + 1))
  const columns = cells(length(item.right))
  const rows = cells(length(item.down))
  const values = new Float32Array(columns * rows * 3)
  const { normal } = surfaceFrame(item)
  const random = createRandom(seed + 1)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      // Stay a little inside the edges, so that a sample does not start within the neighbouring wall.
      const u = Math.min(0.995, Math.max(0.005, column / (columns - 1)))
      const v = Math.min(0.995, Math.max(0.005, row / (rows - 1)))
      const point = add(add(item.origin, scale(item.right, u)), add(scale(item.down, v), scale(normal, 0.012)))
      values.set(lightAt(point, normal, item, around, random.next), (row * columns + column) * 3)
    }
  return { columns, rows, values }
}

function lightAt(point: Vec3, normal: Vec3, own: Surface, around: Surroundings, next: () => number): Vec3 {
  const open = openness(point, normal, own, around.casters, next)
  let sum = scale(around.ambient, 0.25 + 0.75 * open)
  for (const lamp of around.lamps)
    for (let sample = 0; sample < shadowSamples; sample++) {
      const jitter: Vec3 = [
        lamp.spread[0] * (2 * next() - 1),
        lamp.spread[1] * (2 * next() - 1),
        lamp.spread[2] * (2 * next() - 1),
      ]
      const toLamp = subtract(add(lamp.center, jitter), point)
      const distance = length(toLamp)
      const facing = dot(toLamp, normal) / distance
      if (facing <= 0 || isBlocked(point, toLamp, 0.98, own, around.casters)) continue
      sum = add(sum, scale(lamp.color, facing / (distance * distance + 0.15) / shadowSamples))
    }
  return sum
}

/** The share of directions above the surface that meet nothing within reach. */
function openness(point: Vec3, normal: Vec3, own: Surface, casters: readonly Caster[], next: () => number): number {
  const side = normalize(cross(normal, Math.abs(normal[1]) > 0.9 ? [1, 0, 0] : [0, 1, 0]))
  const other = cross(normal, side)
  let open = 0
  for (let sample = 0; sample < openSamples; sample++) {
    const turn = 2 * Math.PI * next()
    const outward = Math.sqrt((sample + next()) / openSamples)
    const up = Math.sqrt(1 - outward * outward)
    const direction = add(
      scale(normal, up),
      add(scale(side, outward * Math.cos(turn)), scale(other, outward * Math.sin(turn))),
    )
    if (!isBlocked(point, scale(direction, reach), 1, own, casters)) open++
  }
  return open / openSamples
}

/** Whether something stands between `from` and `from + path * until`. */
export function isBlocked(
  from: Vec3,
  path: Vec3,
  until: number,
  own: Surface | undefined,
  casters: readonly Caster[],
): boolean {
  for (const item of casters) {
    if (item.surface === own) continue
    const { origin, normal, alongRight, alongDown } = item
    const slope = path[0] * normal[0] + path[1] * normal[1] + path[2] * normal[2]
    if (slope === 0) continue
    const x = origin[0] - from[0]
    const y = origin[1] - from[1]
    const z = origin[2] - from[2]
    const t = (x * normal[0] + y * normal[1] + z * normal[2]) / slope
    if (t <= 0.001 || t >= until) continue
    const px = path[0] * t - x
    const py = path[1] * t - y
    const pz = path[2] * t - z
    const u = px * alongRight[0] + py * alongRight[1] + pz * alongRight[2]
    if (u < 0 || u > 1) continue
    const v = px * alongDown[0] + py * alongDown[1] + pz * alongDown[2]
    if (v >= 0 && v <= 1) return true
  }
  return false
}
