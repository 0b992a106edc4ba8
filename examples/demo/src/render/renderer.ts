import { axesOf, focalLength } from '../camera/pose'
import { createPainter } from '../paint/painter'
import { bakeLightmaps } from '../scene/lightmap'
import { frameRate, type Production, pictureSize } from '../script/production'
import { createFilm } from './film'
import { createPicture, drawWorld, type LitSurface, type Picture } from './rasterizer'
import { type ShotSettings, trackSettings } from './settings'

/** Renders single frames of a clip, in any order, each the same whoever renders it. */
export interface Renderer {
  readonly frames: number
  /** Renders frame `index` (from 0) as I420 bytes. */
  render(index: number): Uint8Array
}

/** The shutter stays open for this share of the time from frame to frame. */
const shutter = 0.5
/** Pixels of movement that one exposure may show as separate pictures before another is added. */
const pixelsApart = 2.2
const mostExposures = 7

/** Prepares the world of a clip: paints its textures, works out its light, measures exposure and focus along the walk. */
export function createRenderer(production: Production): Renderer {
  const { width, height } = pictureSize
  const { world, path, frames, seed } = production
  const lit = lightWorld(production)
  const settings = trackSettings(lit, path, frames)
  const film = createFilm(width, height, seed)
  const sharp = createPicture(width, height)
  const sum = createPicture(width, height)
  void world
  return {
    frames,
    render(index) {
      const from = index / frameRate
      const count = exposures(production, from)
      const picture = count === 1 ? sharp : sum
      if (count > 1) sum.color.fill(0)
      for (let i = 0; i < count; i++) {
        drawWorld(lit, path(from + ((i + 0.5) / count) * (shutter / frameRate)), sharp)
        if (count > 1) accumulate(sum, sharp, 1 / count)
      }
      const { gain, blur }: ShotSettings = settings[index]!
      return film.develop(picture, { gain, blur, frame: index })
    },
  }
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

/** As many exposures as the picture moves while the shutter is open. */
function exposures({ path }: Production, from: number): number {
  const open = shutter / frameRate
  const before = path(from)
  const after = path(from + open)
  const focal = focalLength(pictureSize.width)
  const a = axesOf(before).forward
  const b = axesOf(after).forward
  const turn = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) * focal
  const roll = Math.abs(before.roll - after.roll) * pictureSize.width * 0.35
  const travel = Math.hypot(...after.position.map((value, i) => value - before.position[i]!))
  const moved = turn + roll + (travel * focal) / 1.6
  return Math.max(1, Math.min(mostExposures, Math.ceil(moved / pixelsApart)))
}

function accumulate(sum: Picture, { color }: Picture, weight: number): void {
  const target = sum.color
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + color[i]! * weight
}
