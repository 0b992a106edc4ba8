import { describe, expect, it } from 'vitest'
import { resumeAt } from './run'

describe('resumeAt', () => {
  it('begins at the start when nothing after it is stored', () => {
    expect(resumeAt(undefined, {})).toBe(0)
    expect(resumeAt(undefined, { start: 5 })).toBe(5)
    expect(resumeAt(3, { start: 5 })).toBe(5)
  })

  it('goes on right after the last frame', () => expect(resumeAt(7.2, { start: 5 })).toBeCloseTo(7.201))

  it('keeps to the ticks of the rate', () => {
    expect(resumeAt(6, { start: 5, fps: 2 })).toBe(6.5)
    expect(resumeAt(6.04, { start: 5, fps: 2 })).toBe(6.5)
    expect(resumeAt(0.1 + 0.2, { fps: 10 })).toBeCloseTo(0.4)
  })
})
