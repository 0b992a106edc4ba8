import type { ReductionStep } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { gone, StepList } from './index'

describe('StepList', () => {
  const steps: ReductionStep[] = Array.from({ length: 40 }, (_, i) => ({ part: i * 3, to: i % 2 ? 'gone' : 'i8' }))

  it('gives back the steps it was given, and is itself as a list', () => {
    const list = StepList.of(steps)
    expect([...list]).toEqual(steps)
    expect(StepList.of(list)).toBe(list)
    expect(list.parts.length).toBe(40)
    expect([...list.outcomes.subarray(0, 2)]).toEqual([2, gone])
    expect([...list.first(3)]).toEqual(steps.slice(0, 3))
  })

  it('refuses what is no step', () => {
    const wrong = [
      { part: -1, to: 'gone' },
      { part: 0.5, to: 'gone' },
      { part: 2 ** 32, to: 'gone' },
      { part: 0, to: 'f32' },
      { part: 0, to: 'less' },
    ]
    for (const step of wrong) expect(() => StepList.of([step as ReductionStep])).toThrow(/a step/)
  })
})
