import { add, along, box, lying, rightOf, scale, surface, upright, type Vec3 } from './geometry'
import type { Room, Stage } from './stage'

const length = 3.6
const width = 1.74
const waist = 0.92
const floor = 0.24
const roof = 1.44

/**
 * Adds a small hatchback whose tail stands over `tail` (a point on the floor) for who looks along `heading`.
 * Returns the place for its number plate.
 */
export function addCar(stage: Stage, room: Room, tail: Vec3, heading: number): { readonly plate: Vec3 } {
  const { surfaces } = stage
  const number = room.number
  const ahead = along(heading)
  const right = rightOf(heading)
  const at = (forward: number, across: number, up: number): Vec3 =>
    add(tail, add(add(scale(ahead, forward), scale(right, across)), [0, up, 0]))
  const body = box(
    at(length / 2, 0, floor),
    heading,
    [width, waist - floor, length],
    {
      sides: { texture: 'car-paint' },
      front: { texture: 'car-tail' },
    },
    number,
  )
  // The long sides are drawn with their wheel arches instead.
  surfaces.push(body[0]!, body[1]!, body[4]!)
  const half = width / 2
  for (const side of [-1, 1]) {
    const facing = heading - (side * Math.PI) / 2
    const flank = (across: number, up: number, size: readonly [number, number], texture: string) =>
      surfaces.push(upright(at(length / 2, side * across, up), facing, size, { texture }, number))
    flank(half, (floor + waist) / 2, [length, waist - floor], side < 0 ? 'cut-car-side' : 'cut-car-side-flip')
    for (const forward of [0.66, length - 0.72])
      surfaces.push(
        upright(at(forward, side * (half - 0.03), 0.31), facing, [0.62, 0.62], { texture: 'cut-wheel' }, number),
      )
    flank(
      half - 0.1,
      (waist + roof) / 2,
      [length - 0.2, roof - waist],
      side < 0 ? 'cut-car-glass' : 'cut-car-glass-flip',
    )
  }
  const cabin = half - 0.09
  const from = at(0.52, -cabin, roof)
  surfaces.push(
    surface(
      from,
      scale(right, 2 * cabin),
      add(scale(ahead, -0.44), [0, waist - roof, 0]),
      { texture: 'car-rear-glass' },
      number,
    ),
    lying(at(0.52 + 0.75, 0, roof), heading, [2 * cabin, 1.5], { texture: 'car-paint' }, number),
    lying(at(length / 2, 0, 0.006), heading, [width + 0.3, length + 0.3], { texture: 'car-shadow' }, number),
  )
  return { plate: at(-0.02, 0, 0.62) }
}
