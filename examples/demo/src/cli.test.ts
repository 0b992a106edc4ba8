import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { main } from './cli'

let said: string[]
beforeEach(() => {
  said = []
  for (const method of ['log', 'error'] as const)
    vi.spyOn(console, method).mockImplementation((line: string) => void said.push(line))
})
afterEach(() => void vi.restoreAllMocks())

describe('main', () => {
  it('shows how it is called', async () => {
    expect(await main(['--help'])).toBe(0)
    expect(said.join()).toContain('--seed N')
  })

  it('ends with 2 when it is called wrongly, and names what is wrong', async () => {
    expect(await main(['--seed', 'one'])).toBe(2)
    expect(said.join()).toContain('--seed must be a whole number from 0 on, got one')
    expect(await main(['a.mp4', 'b.mp4'])).toBe(2)
    expect(said.join()).toContain('One video at a time: got a.mp4, b.mp4')
    expect(await main(['--speed', '3'])).toBe(2)
  })
})
