import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planProduction } from '../script/production'
import { monotoneCurve } from './path'
import { axesOf, project } from './pose'

describe('monotoneCurve', () => {
  it('goes through its points and stays between neighbours', () => {
    const points = fc.array(
      fc.tuple(fc.double({ min: 0.1, max: 3, noNaN: true }), fc.double({ min: -5, max: 5, noNaN: true })),
      { minLength: 2 },
    )
    fc.assert(
      fc.property(points, fc.double({ min: 0, max: 1, noNaN: true }), (steps, share) => {
        let x = 0
        const at = steps.map(([width]) => (x += width))
        const values = steps.map(([, value]) => value)
        const curve = monotoneCurve(at, values)
        for (let i = 0; i < at.length - 1; i++) {
          expect(curve(at[i]!)).toBeCloseTo(values[i]!, 9)
          const between = curve(at[i]! + share * (at[i + 1]! - at[i]!))
          expect(between).toBeGreaterThanOrEqual(Math.min(values[i]!, values[i + 1]!) - 1e-9)
          expect(between).toBeLessThanOrEqual(Math.max(values[i]!, values[i + 1]!) + 1e-9)
        }
      }),
    )
  })
})

describe('createCameraPath', () => {
  it('walks at human pace and never jumps', () => {
    for (const seed of [0, 1, 2, 3, 4, 5]) {
      const { path, frames } = planProduction(seed)
      for (let frame = 1; frame < frames; frame++) {
        const before = path((frame - 1) / 15)
        const after = path(frame / 15)
        const step = Math.hypot(...after.position.map((value, axis) => value - before.position[axis]!))
        expect(step * 15, `seed ${seed}, frame ${frame}`).toBeLessThan(4.5)
        expect(Math.abs(after.yaw - before.yaw) * 15, `seed ${seed}, frame ${frame}`).toBeLessThan(7)
      }
    }
  })
})

describe('project', () => {
  it('puts what lies ahead in the middle, and what lies right and up to the right and up', () => {
    const pose = { position: [1, 1.6, 2], yaw: 0.7, pitch: -0.2, roll: 0 } as const
    const axes = axesOf(pose)
    const size = { width: 960, height: 540 }
    const ahead = pose.position.map((value, i) => value + 3 * axes.forward[i]!) as [number, number, number]
    const [x, y, depth] = project(ahead, pose, axes, size)!
    expect([x, y, depth].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([480, 270, 3])
    const aside = ahead.map((value, i) => value + 0.5 * axes.right[i]! - 0.2 * axes.down[i]!) as [
      number,
      number,
      number,
    ]
    const moved = project(aside, pose, axes, size)!
    expect(moved[0]).toBeGreaterThan(480)
    expect(moved[1]).toBeLessThan(270)
    expect(project([1 - 3 * axes.forward[0], 0, 2 - 3 * axes.forward[2]], pose, axes, size)).toBeUndefined()
  })
})
