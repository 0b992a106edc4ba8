import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hidesCursor, inTerminal, noScript, showsCursor, visible } from './support/terminal'
import { scratchFolder, writeWalk } from './support/walk'

const scratch = scratchFolder()
const walk = scratch.path('walk.mp4')

beforeAll(() => writeWalk(walk), 120_000)
afterAll(() => scratch.remove())

describe.skipIf(noScript)('in a terminal (skipped: no script of util-linux)', () => {
  it('a bar tells how far it is, and lines stand above it', async () => {
    const { code, printed } = await inTerminal(`run ${walk} --store ${scratch.path('watched')}`)
    expect(code).toBe(0)
    expect(printed).toMatch(/█+░+ {2}0:\d\d of 0:15 {2}\d+\.\dx real time {2}\d+ keyframes? {2}\d+ memor/)
    expect(printed.lastIndexOf(showsCursor)).toBeGreaterThan(printed.lastIndexOf(hidesCursor))
    const lines = visible(printed)
    expect(lines.filter((line) => line.includes('█'))).toEqual([])
    expect(lines).toContainEqual(expect.stringMatching(/^ {4}0:05 {2}\w+ +Bakery Lindner \/ Total 12\.40 EUR$/))
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it('Ctrl-C leaves it clean', async () => {
    let pressed = false
    const { code, printed } = await inTerminal(`run ${walk} --store ${scratch.path('left')}`, (so) => {
      if (pressed || !so.includes('keyframes  0')) return undefined
      pressed = true
      return '\u0003'
    })
    expect(code).toBe(130)
    expect(printed.lastIndexOf(showsCursor)).toBeGreaterThan(printed.lastIndexOf(hidesCursor))
    expect(
      visible(printed)
        .filter((line) => line !== '')
        .at(-1),
    ).toBe('perstream: Interrupted. What was stored stays stored.')
  })
})
