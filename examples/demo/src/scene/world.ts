import type { Random } from '@perstream/kit'
import { createWalk, type Knot } from '../camera/walk'
import type { Sheet } from '../script/sheets'
import type { Surface, Vec3 } from './geometry'
import type { Light } from './lightmap'
import { corridor, garage, kitchen, office, type RoomPlan, storage } from './rooms'
import { addDoorway, doorway, type Room, type Stage } from './stage'

/** The world of a clip and the walk through it. */
export interface World {
  readonly surfaces: readonly Surface[]
  readonly lights: readonly Light[]
  readonly ambient: readonly Vec3[]
  /** Where each sheet hangs or lies, by its id. */
  readonly placed: ReadonlyMap<string, Surface>
  readonly knots: readonly Knot[]
}

/** Builds the rooms one behind the other, in an order and with sides that the random source picks. */
export function buildWorld(sheets: readonly Sheet[], random: Random): World {
  const stage: Stage = {
    surfaces: [],
    lights: [],
    ambient: [],
    placed: new Map(),
    walk: createWalk(0, 0.35),
    random,
    sheet: (id) => sheets.find((sheet) => sheet.id === id)!,
  }
  const inside = random.shuffle([corridor, office, kitchen, storage])
  const plans: RoomPlan[] = random.next() < 0.5 ? [garage, ...inside] : [...inside, garage]
  let z = 0
  plans.forEach((plan, number) => {
    const room: Room = {
      number,
      z,
      width: plan.width,
      length: plan.length,
      height: plan.height,
      side: random.next() < 0.5 ? -1 : 1,
      open: [number > 0, number < plans.length - 1],
    }
    plan.build(stage, room)
    z += plan.length
    if (room.open[1]) {
      addDoorway(stage, z, number)
      z += doorway.depth
    }
  })
  const { surfaces, lights, ambient, placed, walk } = stage
  return { surfaces, lights, ambient, placed, knots: walk.knots }
}
