import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scratchFolder, writeWalk } from './support/walk'

// util-linux; the `script` of other systems takes other arguments.
const noScript = !spawnSync('script', ['--version']).stdout?.includes('util-linux')
const bin = join(import.meta.dirname, '../bin/perstream.js')
const scratch = scratchFolder()
const walk = scratch.path('walk.mp4')

beforeAll(() => writeWalk(walk), 120_000)
afterAll(() => scratch.remove())

/** Runs a command in a terminal of 80 columns; `react` may answer what it prints with keys. */
async function inTerminal(args: string, react: (printed: string) => string | undefined = () => undefined) {
  const command = `stty cols 80 rows 40; exec '${process.execPath}' '${bin}' ${args}`
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    const keys = react(printed)
    if (keys !== undefined) child.stdin.write(keys)
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, printed }
}

const escapeCode = '\u001b'
const toLineStart = new RegExp(`\\r|${escapeCode}\\[[01]?G`)

/** What stands on the lines in the end: what was written last on each, without control sequences. */
function visible(printed: string): string[] {
  const last = (line: string) => line.replace(/\r$/, '').split(toLineStart).at(-1)!
  return printed.split('\n').map((line) => stripVTControlCharacters(last(line)))
}

const hidesCursor = `${escapeCode}[?25l`
const showsCursor = `${escapeCode}[?25h`

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
