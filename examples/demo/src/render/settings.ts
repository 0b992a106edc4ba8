import type { CameraPath } from '../camera/path'
import { frameRate } from '../script/production'
import { createPicture, drawWorld, type LitSurface, type Picture } from './rasterizer'

/** What the camera's automatics chose for one frame. */
export interface ShotSettings {
  readonly gain: number
  /** Blur of the whole picture in pixels: the focus follows the distance late. */
  readonly blur: number
}

/** Seconds that exposure and focus lag behind. */
const exposureLag = 0.55
const focusLag = 0.32
/** Pixels of blur for one dioptre that the focus is off. */
const blurPerDioptre = 1.9

/** Works out exposure and focus along the walk, as a camera does: measured in small pictures, followed with a lag. */
export function trackSettings(world: readonly LitSurface[], path: CameraPath, frames: number): ShotSettings[] {
  const small = createPicture(64, 36)
  let gain = 0
  let focus = 0
  return Array.from({ length: frames }, (_, frame) => {
    drawWorld(world, path(frame / frameRate), small)
    const wanted = 0.3 / meanLight(small) ** 0.82
    const near = nearnessAhead(small)
    gain = frame === 0 ? wanted : gain * (wanted / gain) ** follow(exposureLag)
    focus = frame === 0 ? near : focus + (near - focus) * follow(focusLag)
    return { gain, blur: Math.max(0, Math.abs(near - focus) * blurPerDioptre - 0.12) }
  })
}

const follow = (lag: number) => 1 - Math.exp(-1 / (frameRate * lag))

/** Mean light, the middle counting more, and no spot more than a bright wall. */
function meanLight({ width, height, color }: Picture): number {
  let sum = 0
  let weights = 0
  for (let i = 0; i < width * height; i++) {
    const x = (i % width) / width - 0.5
    const y = Math.floor(i / width) / height - 0.5
    const weight = Math.exp(-4 * (x * x + y * y))
    sum += weight * Math.min(2, 0.3 * color[i * 3]! + 0.6 * color[i * 3 + 1]! + 0.1 * color[i * 3 + 2]!)
    weights += weight
  }
  return Math.max(0.004, sum / weights)
}

/** The median of one over the distance in the middle of the picture. */
function nearnessAhead({ width, height, nearness }: Picture): number {
  const values: number[] = []
  for (let y = Math.floor(height * 0.35); y < height * 0.65; y++)
    for (let x = Math.floor(width * 0.38); x < width * 0.62; x++) values.push(nearness[y * width + x]!)
  return values.sort((a, b) => a - b)[values.length >> 1]!
}
