import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

/** A child process whose end is known. */
export interface Running {
  readonly child: ChildProcess
  /** Standard output and the extra pipes from 3 on. */
  readonly pipes: readonly Readable[]
  /** Resolves when the process has ended and its pipes are closed. Never rejects. */
  readonly ended: Promise<{ readonly code: number | null; readonly errors: string }>
  /** Kills it and waits until it is gone. Idempotent. */
  kill(): Promise<void>
}

/** Characters of error text kept of one process. */
const errorRoom = 20_000

/** Starts a program with pipes for its output: `extra` more beside standard output. @throws NodeJS.ErrnoException through `ended` code null */
export function start(program: string, args: readonly string[], extra = 0): Running {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...Array.from({ length: extra }, () => 'pipe' as const)],
    windowsHide: true,
  })
  let errors = ''
  child.stderr!.setEncoding('utf8')
  child.stderr!.on('data', (text: string) => {
    if (errors.length < errorRoom) errors += text
  })
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) => {
    child.on('error', (error) => resolve({ code: null, errors: error.message }))
    child.on('close', (code) => resolve({ code, errors }))
  })
  const pipes = child.stdio.filter((pipe, i): pipe is Readable => pipe !== null && i !== 2)
  return {
    child,
    pipes,
    ended,
    async kill() {
      child.kill('SIGKILL')
      for (const pipe of pipes) pipe.destroy()
      await ended
    },
  }
}

/** Runs a program to its end and collects what it prints. An abort kills it. */
export async function run(program: string, args: readonly string[], signal?: AbortSignal) {
  signal?.throwIfAborted()
  const running = start(program, args)
  const abort = () => void running.kill()
  signal?.addEventListener('abort', abort, { once: true })
  const chunks: Buffer[] = []
  running.pipes[0]!.on('data', (chunk: Buffer) => chunks.push(chunk))
  const { code, errors } = await running.ended
  signal?.removeEventListener('abort', abort)
  signal?.throwIfAborted()
  return { code, errors, output: Buffer.concat(chunks) }
}

/** The last line of error text that says something, without addresses. */
export function lastError(errors: string): string {
  const lines = errors.split(/\r?\n/).filter((line) => line.trim() !== '')
  return (lines.at(-1) ?? 'no reason was given').replace(/^\[[^\]]*\]\s*/, '').trim()
}
