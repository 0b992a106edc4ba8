import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

/** The parts of the events of `perstream run --json` that the demo shows. */
export type RunEvent =
  | { readonly type: 'started'; readonly duration: number | null }
  | { readonly type: 'frame-kept'; readonly seconds: number }
  | { readonly type: 'memory-stored'; readonly seconds: number; readonly outcome: string; readonly text: string }
  | { readonly type: 'spoke'; readonly seconds: number; readonly text: string }
  | {
      readonly type: 'answered'
      readonly question: string
      readonly text: string
      readonly answerable: boolean
      readonly citations: readonly { readonly text: string }[]
    }

/** Runs the `perstream` command as a process of its own, on this terminal. Returns its exit code. */
export function runPerStream(args: readonly string[]): Promise<number> {
  return finished(spawn(process.execPath, [commandPath(), ...args], { stdio: 'inherit' }))
}

/** Runs the `perstream` command with `--json` and hands over each event of the kinds in {@link RunEvent}, and others too. */
export async function runPerStreamEvents(args: readonly string[], onEvent: (event: RunEvent) => void): Promise<number> {
  const child = spawn(process.execPath, [commandPath(), ...args, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = finished(child)
  for await (const line of createInterface({ input: child.stdout })) onEvent(JSON.parse(line) as RunEvent)
  return exit
}

const require = createRequire(import.meta.url)

const commandPath = () => join(dirname(require.resolve('perstream/package.json')), 'bin', 'perstream.js')

/** Waits for a process; Ctrl-C reaches it from the terminal, so this process only waits. */
function finished(child: ReturnType<typeof spawn>): Promise<number> {
  const wait = () => {}
  process.on('SIGINT', wait)
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 130))
  }).finally(() => process.off('SIGINT', wait))
}
