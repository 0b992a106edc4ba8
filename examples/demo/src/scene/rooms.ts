import { addCar } from './car'
import { add, box, lying, surface, upright, type Vec3 } from './geometry'
import { addPanel, addShell, hang, type Room, type Stage } from './stage'

const quarter = Math.PI / 2

/** A room that can be built at any place of the walk. */
export interface RoomPlan {
  readonly width: number
  readonly length: number
  readonly height: number
  build(stage: Stage, room: Room): void
}

/** A concrete car park: the car, and beside it the pillar with the sign of the level. */
export const garage: RoomPlan = {
  width: 10.4,
  length: 7,
  height: 2.6,
  build(stage, room) {
    const { z, side, number } = room
    const { surfaces, walk } = stage
    addShell(stage, room, {
      floor: { texture: 'asphalt', tile: [3, 3] },
      walls: { texture: 'concrete', tile: [2.6, 2.6] },
      ceiling: { texture: 'concrete', tile: [4, 4] },
    })
    for (const x of [-1.6, 1.6]) addPanel(stage, room, [x, z + 3.4], [0.16, 2.6], [2.3, 2.5, 2.5], 3)
    stage.ambient[number] = [0.2, 0.21, 0.23]
    const pillar: Vec3 = [side * 1.8, 0, z + 2.35]
    surfaces.push(
      ...box(pillar, side * quarter, [0.62, 2.6, 0.5], { sides: { texture: 'concrete', tile: [2.6, 2.6] } }, number),
      ...box(pillar, side * quarter, [0.64, 0.9, 0.52], { sides: { texture: 'stripes', tile: [0.6, 0.6] } }, number),
    )
    for (const offset of [1.55, 3.95, 6.6])
      for (const x of [-1, 1])
        surfaces.push(lying([x * 3.2, 0.004, z + offset], 0, [3.9, 0.11], { texture: 'road-paint' }, number))
    const sign = hang(stage, 'parking', [side * (1.8 - 0.265), 1.72, z + 2.35], side * quarter, room)
    const car = addCar(stage, room, [side * 1.4, 0, z + 5.27], side * quarter)
    const plate = hang(stage, 'plate', car.plate, side * quarter, room)
    surfaces.push(upright([-side * 5.18, 1.1, z + 3.4], -side * quarter, [2.2, 1.1], { texture: 'vent' }, number))
    walk.pass(-side * 0.3, z + 0.9, side * 0.25, 1.3)
    walk.read(sign, { distance: 1.35, eye: 1.62, looks: [1.7, 1.8], from: 1 })
    walk.read(plate, { distance: 0.85, eye: 1.18, looks: [1.3, 1.5], from: side })
    walk.pass(0, z + room.length - 0.4, 0, 1.7)
  },
}

/** A dim corridor: a door with its sign, and across from it a poster. */
export const corridor: RoomPlan = {
  width: 2.6,
  length: 6.6,
  height: 2.5,
  build(stage, room) {
    const { z, side, number } = room
    const { surfaces, walk } = stage
    addShell(stage, room, {
      floor: { texture: 'carpet', tile: [1, 1] },
      walls: { texture: 'plaster-sand', tile: [2.5, 2.5] },
      ceiling: { texture: 'ceiling-tiles', tile: [2.4, 2.4] },
      skirting: { texture: 'wood-dark', tile: [1, 1] },
    })
    addPanel(stage, room, [0, z + 1.7], [0.5, 0.5], [0.75, 0.7, 0.6], 1.6)
    addPanel(stage, room, [0, z + 5.2], [0.5, 0.5], [0.55, 0.5, 0.42], 1.3)
    stage.ambient[number] = [0.075, 0.07, 0.065]
    const wall = side * 1.29
    surfaces.push(
      upright([wall, 1.06, z + 3.15], side * quarter, [1.06, 2.12], { texture: 'door-frame' }, number),
      upright([wall - side * 0.012, 1.03, z + 3.15], side * quarter, [0.92, 2.06], { texture: 'door' }, number),
      upright([-wall, 1.03, z + 1.5], -side * quarter, [0.92, 2.06], { texture: 'door' }, number),
    )
    for (const depth of [3.0, 5.75])
      surfaces.push(
        upright(
          [depth < 4 ? -wall : wall, 1.5, z + depth],
          depth < 4 ? -side * quarter : side * quarter,
          [0.5, 0.62],
          { texture: depth < 4 ? 'picture' : 'picture-sea' },
          number,
        ),
      )
    surfaces.push(
      upright([wall - side * 0.006, 1.12, z + 2.45], side * quarter, [0.08, 0.08], { texture: 'switch' }, number),
    )
    const sign = hang(stage, 'door-sign', [wall - side * 0.01, 1.55, z + 2.25], side * quarter, room)
    const poster = hang(stage, 'poster', [-wall + side * 0.012, 1.55, z + 4.35], -side * quarter, room)
    walk.pass(0, z + 0.5, 0, 1.0)
    walk.read(sign, { distance: 0.85, eye: 1.6, looks: [1.3, 1.4], from: side > 0 ? 1 : -1 })
    walk.read(poster, { distance: 1.2, eye: 1.6, looks: [1.0, 0.8], from: side > 0 ? -1 : 1 })
    walk.pass(0, z + room.length - 0.3, 0, 1.3)
  },
}

/** An office: the whiteboard, a desk, and a badge that hangs on a hook. */
export const office: RoomPlan = {
  width: 5,
  length: 5.6,
  height: 2.7,
  build(stage, room) {
    const { z, side, number } = room
    const { surfaces, walk } = stage
    addShell(stage, room, {
      floor: { texture: 'carpet-blue', tile: [1, 1] },
      walls: { texture: 'plaster-white', tile: [2.7, 2.7] },
      ceiling: { texture: 'ceiling-tiles', tile: [2.4, 2.4] },
      skirting: { texture: 'metal', tile: [1, 1] },
    })
    for (const depth of [1.5, 4.1]) addPanel(stage, room, [0, z + depth], [1.2, 0.6], [3.4, 3.5, 3.5], 3.2)
    stage.ambient[number] = [0.26, 0.27, 0.29]
    const wall = side * 2.49
    const board = hang(stage, 'whiteboard', [wall - side * 0.02, 1.45, z + 2.1], side * quarter, room)
    surfaces.push(
      ...box(
        [wall - side * 0.05, 0.93, z + 2.1],
        side * quarter,
        [1.6, 0.03, 0.09],
        { sides: { texture: 'metal' } },
        number,
      ),
    )
    addDesk(stage, room, [-side * 1.95, 0, z + 2.6])
    surfaces.push(
      upright([-side * 2.485, 1.55, z + 2.7], -side * quarter, [1.5, 1.1], { texture: 'window', glow: 1.6 }, number),
    )
    stage.lights.push({
      center: [-side * 2.4, 1.55, z + 2.7],
      spread: [0.05, 0.45, 0.6],
      color: [1.3, 1.5, 1.9],
      room: number,
    })
    const pinboard = upright(
      [wall - side * 0.012, 1.5, z + 4.5],
      side * quarter,
      [0.8, 0.6],
      { texture: 'cork' },
      number,
    )
    for (const [depth, up, texture] of [
      [4.28, 1.62, 'note-yellow'],
      [4.31, 1.4, 'note-pink'],
      [4.72, 1.58, 'picture-sea'],
      [4.74, 1.37, 'note-blue'],
    ] as const)
      surfaces.push(upright([wall - side * 0.018, up, z + depth], side * quarter, [0.13, 0.13], { texture }, number))
    surfaces.push(
      upright([wall - side * 0.01, 1.12, z + 0.35], side * quarter, [0.08, 0.08], { texture: 'switch' }, number),
      upright([-side * 2.48, 2.2, z + 4.5], -side * quarter, [0.34, 0.34], { texture: 'cut-clock' }, number),
      pinboard,
      upright([wall - side * 0.02, 1.655, z + 4.5], side * quarter, [0.09, 0.22], { texture: 'cut-lanyard' }, number),
    )
    const badge = hang(stage, 'badge', [wall - side * 0.025, 1.48, z + 4.5], side * quarter, room)
    addPlant(stage, room, [-side * 2.05, 0, z + 4.9])
    walk.pass(0, z + 0.5, 0, 1.1)
    walk.read(board, { distance: 1.75, eye: 1.6, looks: [1.7, 1.9], from: side > 0 ? 1 : -1 })
    walk.read(badge, { distance: 0.42, eye: 1.52, looks: [1.4, 1.6], from: side > 0 ? 1 : -1 })
    walk.pass(0, z + room.length - 0.3, 0, 1.4)
  },
}

function addDesk(stage: Stage, room: Room, at: Vec3): void {
  const { side, number } = room
  const heading = -side * quarter
  const wood = { texture: 'wood', tile: [1.2, 0.6] } as const
  const dark = { texture: 'plastic-dark' }
  stage.surfaces.push(
    ...box(add(at, [0, 0.7, 0]), heading, [1.6, 0.04, 0.75], { sides: wood }, number),
    ...box(add(at, [0, 0, 0.6]), heading, [0.4, 0.7, 0.7], { sides: { texture: 'cabinet' } }, number),
    ...box(add(at, [0, 0, -0.75]), heading, [0.05, 0.7, 0.6], { sides: { texture: 'metal' } }, number),
    ...box(add(at, [-side * 0.15, 0.74, 0]), heading, [0.2, 0.12, 0.12], { sides: dark }, number),
    ...box(
      add(at, [-side * 0.15, 0.84, 0]),
      heading,
      [0.62, 0.38, 0.03],
      { sides: dark, front: { texture: 'screen', glow: 0.5 } },
      number,
    ),
    ...box(
      add(at, [side * 0.15, 0.74, 0]),
      heading,
      [0.44, 0.02, 0.14],
      { sides: dark, top: { texture: 'keyboard' } },
      number,
    ),
    ...box(add(at, [side * 0.1, 0.74, -0.5]), heading, [0.09, 0.1, 0.09], { sides: { texture: 'ceramic' } }, number),
    ...box(add(at, [side * 0.75, 0, 0.1]), heading, [0.48, 0.46, 0.46], { sides: { texture: 'fabric' } }, number),
    ...box(add(at, [side * 0.98, 0.46, 0.1]), heading, [0.46, 0.5, 0.06], { sides: { texture: 'fabric' } }, number),
  )
}

function addPlant(stage: Stage, room: Room, at: Vec3): void {
  const { surfaces } = stage
  surfaces.push(
    ...box(at, 0, [0.3, 0.32, 0.3], { sides: { texture: 'terracotta' }, top: { texture: 'soil' } }, room.number),
  )
  for (const turn of [0, 0.8, 1.6, 2.4, 3.14, 3.94, 4.74, 5.54])
    surfaces.push(upright(add(at, [0, 0.82, 0]), turn, [0.8, 1.05], { texture: 'cut-plant' }, room.number))
}

/** A kitchen: the calendar on the wall, and a counter with a lamp over the receipt. */
export const kitchen: RoomPlan = {
  width: 4.4,
  length: 5.4,
  height: 2.55,
  build(stage, room) {
    const { z, side, number } = room
    const { surfaces, walk } = stage
    addShell(stage, room, {
      floor: { texture: 'tiles', tile: [1.2, 1.2] },
      walls: { texture: 'plaster-green', tile: [2.55, 2.55] },
      ceiling: { texture: 'plaster-white', tile: [2.5, 2.5] },
      skirting: { texture: 'cabinet', tile: [1, 0.1] },
    })
    addPanel(stage, room, [0, z + 1.6], [0.4, 0.4], [1.5, 1.2, 0.85], 2.4)
    stage.ambient[number] = [0.15, 0.125, 0.1]
    const wall = side * 2.19
    const calendar = hang(stage, 'calendar', [wall - side * 0.012, 1.55, z + 1.75], side * quarter, room)
    surfaces.push(
      ...box([side * 1.85, 0, z + 4.55], side * quarter, [0.75, 1.85, 0.65], { sides: { texture: 'fridge' } }, number),
      upright([-side * 2.185, 1.6, z + 0.95], -side * quarter, [0.6, 0.8], { texture: 'picture' }, number),
    )
    surfaces.push(
      upright([wall - side * 0.01, 1.3, z + 2.45], side * quarter, [0.08, 0.08], { texture: 'switch' }, number),
      upright([wall - side * 0.012, 1.62, z + 2.95], side * quarter, [0.42, 0.52], { texture: 'picture-sea' }, number),
      upright([wall - side * 0.012, 1.86, z + 0.85], side * quarter, [0.3, 0.3], { texture: 'cut-clock' }, number),
    )
    const receipt = addCounter(stage, room)
    walk.pass(0, z + 0.4, 0, 1.1)
    walk.read(calendar, { distance: 0.72, eye: 1.58, looks: [1.7, 1.8], from: side > 0 ? 1 : -1 })
    walk.read(receipt, { distance: 0.24, eye: 1.27, looks: [1.6, 1.8], from: side > 0 ? 1 : -1 })
    walk.pass(0, z + room.length - 0.3, 0, 1.4)
  },
}

function addCounter(stage: Stage, room: Room) {
  const { side, number, z } = room
  const heading = -side * quarter
  const at: Vec3 = [-side * 1.87, 0, z + 3.5]
  const { surfaces } = stage
  const wood = { texture: 'wood', tile: [1.2, 0.6] } as const
  surfaces.push(
    ...box(at, heading, [2.6, 0.86, 0.6], { sides: { texture: 'cabinet', tile: [0.65, 0.86] } }, number),
    ...box(add(at, [0, 0.86, 0]), heading, [2.64, 0.04, 0.64], { sides: wood }, number),
    ...box(
      add(at, [-side * 0.1, 0.9, 0.95]),
      heading,
      [0.34, 0.22, 0.24],
      { sides: { texture: 'metal' }, front: { texture: 'toaster' } },
      number,
    ),
    ...box(
      add(at, [-side * 0.08, 0.9, -0.75]),
      heading,
      [0.1, 0.11, 0.1],
      { sides: { texture: 'ceramic' }, top: { texture: 'coffee' } },
      number,
    ),
    ...box(
      add(at, [-side * 0.15, 1.5, 0]),
      heading,
      [2.6, 0.62, 0.32],
      { sides: { texture: 'cabinet', tile: [0.65, 0.62] } },
      number,
    ),
    ...box(
      add(at, [-side * 0.02, 0.9, -0.42]),
      heading,
      [0.2, 0.09, 0.2],
      { sides: { texture: 'wicker', tile: [0.2, 0.1] }, top: { texture: 'bread' } },
      number,
    ),
    ...box(add(at, [-side * 0.1, 1.44, 0.05]), heading, [0.3, 0.06, 0.12], { sides: { texture: 'brass' } }, number),
    surface(
      [-side * 1.97 - 0.13, 1.438, z + 3.42],
      [0.26, 0, 0],
      [0, 0, 0.26],
      { texture: 'lamp-warm', glow: 3 },
      number,
    ),
  )
  stage.lights.push({
    center: [-side * 1.8, 1.4, z + 3.55],
    spread: [0.06, 0.01, 0.12],
    color: [1.25, 0.84, 0.44],
    room: number,
  })
  const { width, height } = stage.sheet('receipt')
  const center: Vec3 = [-side * 1.74, 0.904, z + 3.42]
  const receipt = lying(
    center,
    heading + stage.random.gaussian() * 0.05,
    [width / 1000, height / 1000],
    { texture: 'sheet:receipt' },
    number,
  )
  surfaces.push(receipt)
  stage.placed.set('receipt', receipt)
  return receipt
}

/** A storage room: a shelf with labelled boxes. */
export const storage: RoomPlan = {
  width: 3.6,
  length: 4.8,
  height: 2.5,
  build(stage, room) {
    const { z, side, number, width } = room
    const { surfaces, walk, random } = stage
    addShell(stage, room, {
      floor: { texture: 'wood-floor', tile: [1.6, 1.6] },
      walls: { texture: 'plaster-blue', tile: [2.5, 2.5] },
      ceiling: { texture: 'plaster-white', tile: [2.5, 2.5] },
      skirting: { texture: 'wood-dark', tile: [1, 1] },
    })
    addPanel(stage, room, [0, z + 2.2], [0.22, 1.2], [1.9, 1.75, 1.45], 2.6)
    stage.ambient[number] = [0.16, 0.155, 0.15]
    const heading = side * quarter
    const x = side * (width / 2 - 0.24)
    const metal = { texture: 'metal' }
    for (const height of [0.55, 1.12, 1.69])
      surfaces.push(
        ...box(
          [x, height, z + 2.5],
          heading,
          [2.2, 0.03, 0.46],
          { sides: { texture: 'wood', tile: [1.2, 0.6] } },
          number,
        ),
      )
    for (const depth of [1.42, 3.58])
      for (const out of [-0.2, 0.2])
        surfaces.push(...box([x + out, 0, z + depth], heading, [0.04, 2.1, 0.04], { sides: metal }, number))
    const spots = random.shuffle([
      [1.98, 1.15],
      [2.98, 1.15],
      [1.98, 1.72],
      [2.98, 1.72],
    ] as const)
    spots.forEach(([depth, floor], i) => {
      const finish = { sides: { texture: 'cardboard' } }
      surfaces.push(...box([x, floor, z + depth], heading, [0.62, 0.36, 0.4], finish, number))
      hang(stage, `label-${i + 1}`, [x - side * 0.203, floor + 0.17, z + depth], heading, room)
    })
    for (const depth of [1.8, 2.45, 3.1])
      surfaces.push(
        ...box(
          [x, 0.58, z + depth],
          heading,
          [0.5, 0.3, 0.38],
          { sides: { texture: 'crate', tile: [0.5, 0.3] } },
          number,
        ),
      )
    surfaces.push(...box([x, 0, z + 2.3], heading, [1.1, 0.4, 0.44], { sides: { texture: 'cardboard' } }, number))
    addPlant(stage, room, [-side * 1.4, 0, z + 3.9])
    surfaces.push(
      ...box(
        [-side * 1.5, 0, z + 1.6],
        -heading,
        [1.2, 0.8, 0.45],
        { sides: { texture: 'cabinet', tile: [0.6, 0.8] } },
        number,
      ),
    )
    walk.pass(-side * 0.2, z + 0.4, side * 0.2, 1.1)
    const shelf = upright([x - side * 0.2, 1.58, z + 2.48], heading, [1.6, 0.9], { texture: 'none' }, number)
    walk.read(shelf, { distance: 1.25, eye: 1.6, looks: [2.2, 2.4], from: side > 0 ? 1 : -1 })
    walk.pass(0, z + room.length - 0.3, 0, 1.2)
  },
}
