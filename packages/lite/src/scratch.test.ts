import { describe, expect, it } from 'vitest'
import { createScratch } from './scratch'

describe('createScratch', () => {
  it('lends an array again once it was given back', () => {
    const scratch = createScratch()
    const first = scratch.take(4)
    scratch.give(first)
    expect(scratch.take(3).buffer).toBe(first.buffer)
  })

  it('never lends one array twice at a time, nor one that is too short', () => {
    const scratch = createScratch()
    const first = scratch.take(4)
    expect(scratch.take(4).buffer).not.toBe(first.buffer)
    scratch.give(first)
    expect(scratch.take(5)).toHaveLength(5)
  })
})
