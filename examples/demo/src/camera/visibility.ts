import { add, dot, length, type Surface, scale, subtract, surfaceFrame, type Vec3 } from '../scene/geometry'
import { type Caster, createCaster, isBlocked, isSolid } from '../scene/lightmap'
import type { World } from '../scene/world'
import type { Sheet } from '../script/sheets'
import type { CameraPath } from './path'
import { axesOf, type Pose, project } from './pose'

/** A stretch of the clip in seconds, `toSecond` exclusive. */
export interface Span {
  readonly fromSecond: number
  readonly toSecond: number
}

/** How a picture is taken. */
interface Shooting {
  readonly path: CameraPath
  readonly frames: number
  readonly frameRate: number
  readonly size: { readonly width: number; readonly height: number }
}

/** Capitals of the smallest line stand at least this share of the picture's height: 8 pixels of 480. */
const smallestCapital = 8 / 480
/** The cosine of the steepest angle that a text is looked at. */
const steepest = 0.45
const capitalShare = 0.7

/**
 * Finds when each sheet is substantially visible: all of it within the picture, nothing before it, no smaller and no more
 * aslant than can be read in a sharp picture. Whether the picture is sharp plays no part.
 */
export function findVisible(sheets: readonly Sheet[], world: World, shooting: Shooting): Map<string, Span[]> {
  const casters = world.surfaces.filter(isSolid).map(createCaster)
  const spans = new Map<string, Span[]>(sheets.map(({ id }) => [id, []]))
  const { path, frames, frameRate } = shooting
  const since = new Map<string, number>()
  for (let frame = 0; frame <= frames; frame++)
    for (const sheet of sheets) {
      const seen =
        frame < frames && isVisible(sheet, world.placed.get(sheet.id)!, path(frame / frameRate), casters, shooting)
      const begun = since.get(sheet.id)
      if (seen && begun === undefined) since.set(sheet.id, frame)
      if (seen || begun === undefined) continue
      spans.get(sheet.id)!.push({ fromSecond: begun / frameRate, toSecond: frame / frameRate })
      since.delete(sheet.id)
    }
  return spans
}

function isVisible(sheet: Sheet, item: Surface, pose: Pose, casters: readonly Caster[], { size }: Shooting): boolean {
  const middle = at(item, 0.5, 0.5)
  const toCamera = subtract(pose.position, middle)
  const away = length(toCamera)
  if (away > 6 || dot(surfaceFrame(item).normal, toCamera) / away < steepest) return false
  const axes = axesOf(pose)
  const corners = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([u, v]) => project(at(item, u!, v!), pose, axes, size)) // biome-ignore format: one row
  for (const corner of corners)
    if (!corner || corner[0] < 0 || corner[1] < 0 || corner[0] > size.width || corner[1] > size.height) return false
  const smallest = Math.min(...sheet.lines.map((line) => line.size))
  const tall = Math.hypot(corners[2]![0] - corners[0]![0], corners[2]![1] - corners[0]![1])
  if (((smallest * capitalShare) / sheet.height) * tall < smallestCapital * size.height) return false
  return [0.2, 0.8].every((share) => {
    const point = at(item, share, share)
    return !isBlocked(pose.position, subtract(point, pose.position), 0.97, item, casters)
  })
}

const at = (item: Surface, u: number, v: number): Vec3 =>
  add(item.origin, add(scale(item.right, u), scale(item.down, v)))
