import { dot, subtract, type Vec3 } from '../scene/geometry'

/** Where the camera is and where it looks: angles in radians, yaw 0 along +z and growing to the right, pitch growing upwards. */
export interface Pose {
  readonly position: Vec3
  readonly yaw: number
  readonly pitch: number
  /** Leaning to the right. */
  readonly roll: number
}

/** A camera's axes in the world. */
interface Axes {
  readonly right: Vec3
  readonly down: Vec3
  readonly forward: Vec3
}

/** Works out the axes of a pose. */
export function axesOf({ yaw, pitch, roll }: Pose): Axes {
  const forward: Vec3 = [Math.sin(yaw) * Math.cos(pitch), Math.sin(pitch), Math.cos(yaw) * Math.cos(pitch)]
  const level: Vec3 = [Math.cos(yaw), 0, -Math.sin(yaw)]
  const up: Vec3 = [-Math.sin(yaw) * Math.sin(pitch), Math.cos(pitch), -Math.cos(yaw) * Math.sin(pitch)]
  const c = Math.cos(roll)
  const s = Math.sin(roll)
  return {
    forward,
    right: [level[0] * c - up[0] * s, level[1] * c - up[1] * s, level[2] * c - up[2] * s],
    down: [-up[0] * c - level[0] * s, -up[1] * c - level[1] * s, -up[2] * c - level[2] * s],
  }
}

/** Turns a direction of the world into the camera's x (right), y (down), z (forward). */
export const intoCamera = (direction: Vec3, axes: Axes): Vec3 => [
  dot(direction, axes.right),
  dot(direction, axes.down),
  dot(direction, axes.forward),
]

/** The focal length in pixels of a picture `width` pixels wide: the lens sees 74 degrees across. */
export const focalLength = (width: number): number => width / 2 / Math.tan((37 * Math.PI) / 180)

/** Projects a point onto a picture; undefined when it is behind the camera. Pixels from the top left corner. */
export function project(
  point: Vec3,
  pose: Pose,
  axes: Axes,
  size: { readonly width: number; readonly height: number },
): readonly [x: number, y: number, depth: number] | undefined {
  const [x, y, z] = intoCamera(subtract(point, pose.position), axes)
  if (z < 0.05) return undefined
  const focal = focalLength(size.width)
  return [size.width / 2 + (x * focal) / z, size.height / 2 + (y * focal) / z, z]
}
