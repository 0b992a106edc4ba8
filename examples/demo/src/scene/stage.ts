import type { Random } from '@perstream/kit'
import type { Walk } from '../camera/walk'
import type { Sheet } from '../script/sheets'
import { type Finish, lying, type Surface, surface, upright, type Vec3 } from './geometry'
import type { Light } from './lightmap'

/** What the rooms are built on: they add surfaces and lights, hang up the sheets, and lead the walk through. */
export interface Stage {
  readonly surfaces: Surface[]
  readonly lights: Light[]
  /** Ambient light by room number. */
  readonly ambient: Vec3[]
  /** Where each sheet hangs or lies, by its id. */
  readonly placed: Map<string, Surface>
  readonly walk: Walk
  readonly random: Random
  readonly sheet: (id: string) => Sheet
}

/** One room of a given size on the floor plan: it begins at `z`, and its middle is x = 0. */
export interface Room {
  readonly number: number
  readonly z: number
  readonly width: number
  readonly length: number
  readonly height: number
  /** Which wall has the main text: -1 left, 1 right. */
  readonly side: 1 | -1
  /** Whether a doorway leads in and out. */
  readonly open: readonly [entrance: boolean, exit: boolean]
}

/** What the walls of a room look like. */
interface RoomFinish {
  readonly floor: Finish
  readonly walls: Finish
  readonly ceiling: Finish
  /** The strip along the foot of the walls. */
  readonly skirting?: Finish
}

/** The opening between two rooms, in metres. */
export const doorway = { width: 1.15, height: 2.12, depth: 0.14 } as const

/** Adds the shell of a room: floor, ceiling, walls with their doorways, skirting. */
export function addShell(stage: Stage, room: Room, { floor, walls, ceiling, skirting }: RoomFinish): void {
  const { number, z, width, length, height } = room
  const middle = z + length / 2
  const half = width / 2
  stage.surfaces.push(
    lying([0, 0, middle], 0, [width, length], floor, number),
    surface([-half, height, z], [width, 0, 0], [0, 0, length], ceiling, number),
    upright([-half, height / 2, middle], -Math.PI / 2, [length, height], walls, number),
    upright([half, height / 2, middle], Math.PI / 2, [length, height], walls, number),
  )
  addEnd(stage, room, z, Math.PI, room.open[0], walls)
  addEnd(stage, room, z + length, 0, room.open[1], walls)
  if (skirting)
    for (const side of [-1, 1])
      stage.surfaces.push(
        upright([side * (half - 0.012), 0.05, middle], (side * Math.PI) / 2, [length, 0.1], skirting, number),
      )
}

function addEnd(stage: Stage, room: Room, z: number, heading: number, open: boolean, walls: Finish): void {
  const { number, width, height } = room
  const wall = (x: number, y: number, wide: number, high: number, finish = walls) =>
    stage.surfaces.push(upright([x, y, z], heading, [wide, high], finish, number))
  const flank = (width - doorway.width) / 2
  for (const side of [-1, 1]) wall((side * (doorway.width + flank)) / 2, height / 2, flank, height)
  wall(0, (height + doorway.height) / 2, doorway.width, height - doorway.height)
  if (!open) wall(0, doorway.height / 2, doorway.width, doorway.height, { texture: 'door' })
}

/** Adds the frame of the doorway that leads from `z` on to the next room. */
export function addDoorway(stage: Stage, z: number, room: number): void {
  const { width, height, depth } = doorway
  const frame: Finish = { texture: 'door-frame' }
  const middle = z + depth / 2
  stage.surfaces.push(
    upright([-width / 2, height / 2, middle], -Math.PI / 2, [depth, height], frame, room),
    upright([width / 2, height / 2, middle], Math.PI / 2, [depth, height], frame, room),
    surface([-width / 2, height, z], [width, 0, 0], [0, 0, depth], frame, room),
    lying([0, 0, middle], 0, [width, depth], { texture: 'metal' }, room),
  )
}

/** Adds a ceiling lamp: a glowing panel and its light. */
export function addPanel(
  stage: Stage,
  room: Room,
  at: readonly [x: number, z: number],
  size: readonly [number, number],
  color: Vec3,
  glow: number,
): void {
  const y = room.height - 0.03
  const [width, depth] = size
  const corner: Vec3 = [at[0] - width / 2, y, at[1] - depth / 2]
  const finish = { texture: 'lamp', glow }
  stage.surfaces.push(surface(corner, [width, 0, 0], [0, 0, depth], finish, room.number))
  stage.lights.push({
    center: [at[0], y - 0.05, at[1]],
    spread: [width / 2, 0, depth / 2],
    color,
    room: room.number,
  })
}

/** Hangs a sheet on something upright, for who looks along `heading`. */
export function hang(stage: Stage, id: string, center: Vec3, heading: number, room: Room, tilt = 0): Surface {
  const { width, height } = stage.sheet(id)
  const item = upright(center, heading, [width / 1000, height / 1000], { texture: `sheet:${id}` }, room.number, tilt)
  stage.surfaces.push(item)
  stage.placed.set(id, item)
  return item
}
