import { createRandom } from '@perstream/kit'
import { subtract, type Vec3 } from '../scene/geometry'
import type { Pose } from './pose'
import type { Knot } from './walk'

/** Where the camera is at a second of the clip. */
export type CameraPath = (second: number) => Pose

/**
 * Makes the path of a hand-held camera: smooth through the knots without overshooting, bobbing with each step, with a
 * tremor that never quite rests.
 */
export function createCameraPath(knots: readonly Knot[], seed: number): CameraPath {
  const seconds = knots.map((knot) => knot.second)
  const channels = channelsOf(knots).map((values) => monotoneCurve(seconds, values))
  const [x, y, z, yaw, pitch] = channels as [Curve, Curve, Curve, Curve, Curve]
  const strides = stridesBefore(x, z, seconds.at(-1)!)
  const wobble = Array.from({ length: 6 }, (_, i) => createTremor(seed * 31 + i))
  return (second) => {
    const pace = paceAt(x, z, second)
    const stride = 2 * Math.PI * strides(second)
    const busy = Math.min(1, pace)
    const shake = 0.55 + 0.9 * busy
    return {
      position: [
        x(second) + 0.004 * shake * wobble[0]!(second) + 0.014 * busy * Math.cos(stride / 2),
        y(second) + 0.004 * shake * wobble[1]!(second) + 0.02 * busy * Math.sin(stride),
        z(second) + 0.004 * shake * wobble[2]!(second),
      ],
      yaw: yaw(second) + 0.0085 * shake * wobble[3]!(second) + 0.006 * busy * Math.sin(stride / 2),
      pitch: pitch(second) + 0.0085 * shake * wobble[4]!(second) + 0.007 * busy * Math.cos(stride),
      roll: 0.014 * shake * wobble[5]!(second) + 0.011 * busy * Math.sin(stride / 2 + 0.6),
    }
  }
}

type Curve = (second: number) => number

/** Position and look of each knot, with the yaw unwound so that a turn never goes the long way round. */
function channelsOf(knots: readonly Knot[]): number[][] {
  let last = 0
  const looks = knots.map(({ position, target }) => {
    const [dx, dy, dz]: Vec3 = subtract(target, position)
    const yaw = Math.atan2(dx, dz)
    last = yaw + 2 * Math.PI * Math.round((last - yaw) / (2 * Math.PI))
    return { yaw: last, pitch: Math.atan2(dy, Math.hypot(dx, dz)) }
  })
  const axis = (i: 0 | 1 | 2) => knots.map((knot) => knot.position[i])
  return [axis(0), axis(1), axis(2), looks.map((look) => look.yaw), looks.map((look) => look.pitch)]
}

/** A smooth curve through points that keeps between neighbouring values (Fritsch and Carlson 1980). Constant beyond the ends. */
export function monotoneCurve(at: readonly number[], values: readonly number[]): Curve {
  const last = at.length - 1
  const slopes = at.slice(1).map((x, i) => (values[i + 1]! - values[i]!) / (x - at[i]!))
  const tangents = at.map((_, i) => {
    const before = slopes[i - 1] ?? 0
    const after = slopes[i] ?? 0
    return before * after <= 0 ? 0 : (2 * before * after) / (before + after)
  })
  return (second) => {
    if (second <= at[0]!) return values[0]!
    if (second >= at[last]!) return values[last]!
    const i = at.findIndex((x) => x > second) - 1
    const width = at[i + 1]! - at[i]!
    const t = (second - at[i]!) / width
    const s = t - 1
    return (
      values[i]! * (1 + 2 * t) * s * s +
      width * tangents[i]! * t * s * s +
      values[i + 1]! * t * t * (3 - 2 * t) +
      width * tangents[i + 1]! * t * t * s
    )
  }
}

/** Metres a second over the floor. */
function paceAt(x: Curve, z: Curve, second: number): number {
  const before = second - 0.15
  const after = second + 0.15
  return Math.hypot(x(after) - x(before), z(after) - z(before)) / 0.3
}

/** Steps walked until a second, at 0.65 m a step. */
function stridesBefore(x: Curve, z: Curve, duration: number): Curve {
  const perSecond = 20
  const steps = [0]
  for (let i = 1; i <= (duration + 1) * perSecond; i++)
    steps.push(steps[i - 1]! + paceAt(x, z, i / perSecond) / perSecond / 0.65)
  return (second) => {
    const at = Math.min(steps.length - 2, Math.max(0, second * perSecond))
    const i = Math.floor(at)
    return steps[i]! + (steps[i + 1]! - steps[i]!) * (at - i)
  }
}

/** A wandering value around 0, about within -1 to 1: slow drift, and a tremor of a few beats a second. */
function createTremor(seed: number): Curve {
  const random = createRandom(seed)
  const waves = [0.23, 0.41, 0.83, 1.7, 3.1, 5.3].map((rate) => ({
    rate: 2 * Math.PI * rate * (0.85 + 0.3 * random.next()),
    phase: 2 * Math.PI * random.next(),
    size: rate < 1 ? 0.4 : 0.5 / rate,
  }))
  return (second) => waves.reduce((sum, { rate, phase, size }) => sum + size * Math.sin(rate * second + phase), 0)
}
