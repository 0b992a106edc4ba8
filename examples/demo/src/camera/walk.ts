import { add, along, type Surface, scale, subtract, surfaceFrame, type Vec3 } from '../scene/geometry'

/** A point of the walk: where the head is at a second of the clip, and the point it looks at. */
export interface Knot {
  readonly second: number
  readonly position: Vec3
  readonly target: Vec3
}

/** How somebody stops to read something. */
export interface Stop {
  /** Metres from the text, at the nearest. */
  readonly distance: number
  /** Height of the eyes over the floor while reading. */
  readonly eye: number
  /** Seconds of the first and second look. */
  readonly looks: readonly [number, number]
  /** Which way the first approach is off the middle: -1 left, 1 right. */
  readonly from: 1 | -1
}

/** The eye height of somebody who walks upright, in metres. */
const eyeHeight = 1.62

/** Collects the knots of a walk in the order they are walked. */
export interface Walk {
  readonly knots: readonly Knot[]
  readonly second: number
  /** Goes to a point on the floor plan while looking at `target`, in so many seconds. */
  go(x: number, z: number, target: Vec3, seconds: number, eye?: number): void
  /** Walks on to a point and looks ahead along `heading`. */
  pass(x: number, z: number, heading: number, seconds: number): void
  /** Comes up to a text, reads it, looks away, reads it again from another side, and steps back. */
  read(text: Surface, stop: Stop): void
}

/** Starts a walk at a point, looking along +z. */
export function createWalk(x: number, z: number): Walk {
  const knots: Knot[] = [{ second: 0, position: [x, eyeHeight, z], target: [x, 1.5, z + 4] }]
  const now = () => knots.at(-1)!.second
  const put = (position: Vec3, target: Vec3, seconds: number) => {
    knots.push({ second: now() + seconds, position, target })
  }
  return {
    knots,
    get second() {
      return now()
    },
    go: (toX, toZ, target, seconds, eye = eyeHeight) => put([toX, eye, toZ], target, seconds),
    pass(toX, toZ, heading, seconds) {
      const position: Vec3 = [toX, eyeHeight, toZ]
      put(position, add(position, add(scale(along(heading), 4), [0, -0.35, 0])), seconds)
    },
    read: (text, stop) => readText(text, stop, put),
  }
}

function readText(text: Surface, stop: Stop, put: (position: Vec3, target: Vec3, seconds: number) => void): void {
  const { distance, eye, looks, from } = stop
  const center = add(text.origin, scale(add(text.right, text.down), 0.5))
  const { normal } = surfaceFrame(text)
  const sideways = scale(text.right, from / Math.hypot(...text.right))
  // Something that lies flat is read from its lower edge.
  const flat = normal[1] > 0.7
  const back = flat ? scale(text.down, 1 / Math.hypot(...text.down)) : normal
  const stand = (away: number, across: number, height: number): Vec3 => {
    const spot = add(center, add(scale(back, away), scale(sideways, across)))
    return [spot[0], height, spot[2]]
  }
  const near = (across: number): Vec3 => add(center, scale(sideways, across))
  const [first, second] = looks
  put(stand(distance * 1.7 + 0.25, distance * 0.75, (eye + eyeHeight) / 2), near(distance * 0.12), 1.15)
  put(stand(distance * 1.08, distance * 0.3, eye), near(0.02), 0.75)
  put(stand(distance, distance * 0.1, eye - 0.015), near(-0.015), first)
  const aside = subtract(near(-distance * 0.75), [0, distance * 0.1, 0])
  put(stand(distance * 1.12, -distance * 0.15, eye + 0.02), aside, 0.5)
  put(stand(distance * 1.06, -distance * 0.38, eye + 0.01), near(-0.02), 0.55)
  put(stand(distance * 1.02, -distance * 0.28, eye), near(0.01), second)
  put(stand(distance * 1.5 + 0.2, -distance * 0.5, (eye + eyeHeight) / 2), near(-distance * 0.4), 0.8)
}
