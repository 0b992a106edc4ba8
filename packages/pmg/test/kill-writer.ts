import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'

/** Runs a script until it has printed a marker and some milliseconds have passed, kills it, and gives the whole lines that it printed. */
export async function linesUntilKilled(
  script: readonly string[],
  { marker, milliseconds }: { readonly marker: string; readonly milliseconds: number },
): Promise<string[]> {
  const child = spawn(process.execPath, script, { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  while (!output.includes(marker))
    await Promise.race([
      once(child.stdout, 'data'),
      closed.then(([code]) => expect.fail(`the writer ended with ${code}`)),
    ])
  await wait(milliseconds)
  child.kill('SIGKILL')
  expect((await closed)[1]).toBe('SIGKILL')
  return output.split('\n').slice(0, -1)
}
