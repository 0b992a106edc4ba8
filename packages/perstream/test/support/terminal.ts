import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

// util-linux; the `script` of other systems takes other arguments.
export const noScript: boolean = !spawnSync('script', ['--version']).stdout?.includes('util-linux')
const bin = join(import.meta.dirname, '../../bin/perstream.js')

/** Runs a command in a terminal of 80 columns; `react` may answer what it prints with keys. */
export async function inTerminal(
  args: string,
  react: (printed: string) => string | undefined = () => undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: unknown; readonly printed: string }> {
  const command = `stty cols 80 rows 40; exec '${process.execPath}' '${bin}' ${args}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
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
export function visible(printed: string): string[] {
  const last = (line: string) => line.replace(/\r$/, '').split(toLineStart).at(-1)!
  return printed.split('\n').map((line) => stripVTControlCharacters(last(line)))
}

export const hidesCursor = `${escapeCode}[?25l`
export const showsCursor = `${escapeCode}[?25h`
