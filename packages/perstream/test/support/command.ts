import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { PerStreamEvent } from '../../src'

const bin = join(import.meta.dirname, '../../bin/perstream.js')

/** What a command came to. */
export interface Outcome {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Outcome>
  /** Waits for a line of stdout; rejects when the command ends without it. */
  line(matches: (line: string) => boolean): Promise<string>
  /** Sends a signal to its process group, as a terminal does. */
  signal(name: NodeJS.Signals): void
}

/** Longer than any command here may take on a slow machine. */
const patience = 120_000

/** Starts `perstream` as a process (and process group) of its own. */
export function start(
  args: readonly string[],
  { cwd, env }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Running {
  const child = spawn(process.execPath, [bin, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd && { cwd }),
    ...(env && { env: { ...process.env, ...env } }),
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), patience)
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code: code ?? signal!, stdout, stderr })
    })
  })
  const lines = createInterface({ input: child.stdout })
  return {
    child,
    ended,
    line: (matches) =>
      new Promise((resolve, reject) => {
        lines.on('line', (line) => matches(line) && resolve(line))
        void ended.then(({ code }) => reject(new Error(`ended with ${code}, and no such line:\n${stdout}${stderr}`)))
      }),
    signal: (name) => process.kill(-child.pid!, name),
  }
}

/** Runs `perstream` to its end. */
export function perstream(...args: string[]): Promise<Outcome> {
  return start(args).ended
}

/** Runs `perstream` in a folder. */
export function perstreamIn(cwd: string, ...args: string[]): Promise<Outcome> {
  return start(args, { cwd }).ended
}

/** Runs `perstream ... --json` and reads its events. Fails unless stdout holds JSON lines and nothing else. */
export async function events(...args: string[]): Promise<{ events: PerStreamEvent[] } & Outcome> {
  const outcome = await perstream(...args, '--json')
  return { ...outcome, events: parseEvents(outcome.stdout) }
}

export function parseEvents(stdout: string): PerStreamEvent[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

export function ofType<Type extends PerStreamEvent['type']>(events: readonly PerStreamEvent[], type: Type) {
  return events.filter((event): event is Extract<PerStreamEvent, { type: Type }> => event.type === type)
}
