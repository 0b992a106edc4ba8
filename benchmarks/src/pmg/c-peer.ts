import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A program in C, in a process of its own. */
export interface CPeer {
  /** Hands it a line of numbers; returns the milliseconds that took, by its own clock. */
  measure(...numbers: number[]): Promise<number>
  close(): void
}

/** A program in C that was compiled, to be started as often as needed. */
export interface CompiledPeer {
  start(...sizes: number[]): CPeer
  /** Removes the program. */
  remove(): void
}

/** Compiles a C file of this folder, for this very machine; all that the compiler says when that cannot be done. */
export function compilePeer(name: string): CompiledPeer | string {
  const source = fileURLToPath(new URL(`./${name}.c`, import.meta.url))
  const folder = mkdtempSync(join(tmpdir(), 'perstream-peer-'))
  const program = join(folder, name)
  try {
    execFileSync('gcc', ['-O3', '-march=native', '-ffast-math', '-o', program, source], { stdio: 'pipe' })
  } catch (error) {
    rmSync(folder, { recursive: true })
    return `${name}.c could not be compiled: ${(error as Error).message.trim()}`
  }
  return {
    start: (...sizes) => startPeer(program, sizes),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

function startPeer(program: string, sizes: readonly number[]): CPeer {
  const child = spawn(program, sizes.map(String), { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async measure(...numbers) {
      child.stdin.write(`${numbers.join(' ')}\n`)
      const { value, done } = await lines.next()
      if (done) throw new TypeError(`${program} ended before it answered`)
      return Number(String(value).split(' ')[0])
    },
    close: () => child.stdin.end(),
  }
}
