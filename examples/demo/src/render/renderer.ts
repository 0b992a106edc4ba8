import type { CameraPath } from '../camera/path'
import { axesOf, focalLength, type Pose } from '../camera/pose'
import { createPainter } from '../paint/painter'
import { bakeLightmaps } from '../scene/lightmap'
import { frameRate, type Production, pictureSize } from '../script/production'
import { enlarge } from './enlarge'
import { createFilm } from './film'
import { createPicture, drawWorld, type LitSurface, type Picture } from './rasterizer'
import { type ShotSettings, trackSettings } from './settings'

/** Renders single frames of a clip, in any order, each the same whoever renders it. */
interface Renderer {
  readonly frames: number
  /** Renders frame `index` (from 0) as I420 bytes. */
  render(index: number): Uint8Array
}

/** The shutter stays open for this share of the time from frame to frame. */
const shutter = 0.5
/** Pixels of movement that one exposure may show as separate pictures before another is added. */
const pixelsApart = 2.4
const mostExposures = 8
/** From this movement on, in pixels, the picture is so blurred that half the size shows all of it. */
const coarseFrom = 5

/** Prepares the world of a clip: paints its textures, works out its light, measures exposure and focus along the walk. */
export function createRenderer(production: Production): Renderer {
  const { width, height } = pictureSize
  const { path, frames, seed } = production
  const lit = lightWorld(production)
  const settings = trackSettings(lit, path, frames)
  const film = createFilm(width, height, seed)
  const fine: Sizes = { one: createPicture(width, height), sum: createPicture(width, height) }
  const coarse: Sizes = { one: createPicture(width / 2, height / 2), sum: createPicture(width / 2, height / 2) }
  return {
    frames,
    render(index) {
      const from = index / frameRate
      const moved = movement(path(from), path(from + shutter / frameRate))
      const blurred = moved >= coarseFrom
      const picture = expose(lit, path, from, exposures(moved), blurred ? coarse : fine)
      if (blurred) enlarge(picture, fine.one)
      const { gain, blur }: ShotSettings = settings[index]!
      return film.develop(blurred ? fine.one : picture, { gain, blur, frame: index })
    },
  }
}

/** The picture of one exposure, and of several together. */
interface Sizes {
  readonly one: Picture
  readonly sum: Picture
}

function expose(
  lit: readonly LitSurface[],
  path: CameraPath,
  from: number,
  count: number,
  { one, sum }: Sizes,
): Picture {
  if (count > 1) sum.color.fill(0)
  for (let i = 0; i < count; i++) {
    drawWorld(lit, path(from + ((i + 0.5) / count) * (shutter / frameRate)), one)
    if (count > 1) accumulate(sum, one, 1 / count)
  }
  return count > 1 ? sum : one
}

function lightWorld({ world, sheets, seed }: Production): LitSurface[] {
  const paint = createPainter(sheets, seed)
  const textures = new Map<string, LitSurface['texture']>()
  const lightmaps = bakeLightmaps(world.surfaces, world.lights, world.ambient)
  return world.surfaces.map((surface, i) => {
    const texture = textures.get(surface.texture) ?? paint(surface.texture)
    textures.set(surface.texture, texture)
    return { surface, texture, lightmap: lightmaps[i]! }
  })
}

const exposures = (moved: number) => Math.max(1, Math.min(mostExposures, Math.ceil(moved / pixelsApart)))

/** About how many pixels the picture moves between two poses. */
function movement(before: Pose, after: Pose): number {
  const focal = focalLength(pictureSize.width)
  const a = axesOf(before).forward
  const b = axesOf(after).forward
  const turn = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) * focal
  const roll = Math.abs(before.roll - after.roll) * pictureSize.width * 0.35
  const travel = Math.hypot(...after.position.map((value, i) => value - before.position[i]!))
  return turn + roll + (travel * focal) / 1.6
}

function accumulate(sum: Picture, { color }: Picture, weight: number): void {
  const target = sum.color
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + color[i]! * weight
}
