import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'

/** Runs a script until it has printed a marker, then some more lines, and some milliseconds have passed; kills it, and gives the whole lines that it printed. */
export async function linesUntilKilled(
  script: readonly string[],
  {
    marker,
    lines = 0,
    milliseconds,
  }: { readonly marker: string; readonly lines?: number; readonly milliseconds: number },
): Promise<string[]> {
  const child = spawn(process.execPath, script, { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  while (linesFrom(output, marker) <= lines)
    await Promise.race([
      once(child.stdout, 'data'),
      closed.then(([code]) => expect.fail(`the writer ended with ${code}`)),
    ])
  await wait(milliseconds)
  child.kill('SIGKILL')
  expect((await closed)[1]).toBe('SIGKILL')
  return output.split('\n').slice(0, -1)
}

/** How many whole lines there are from the one with the marker on, that one included. */
function linesFrom(output: string, marker: string): number {
  const start = output.indexOf(marker)
  return start < 0 ? 0 : output.slice(start).split('\n').length - 1
}
