import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Exact search in C, in a process of its own. */
export interface DotPeer {
  /** Searches so many times; returns milliseconds by its own clock. */
  measure(searches: number): Promise<number>
  close(): void
}

const source = fileURLToPath(new URL('./dot-peer.c', import.meta.url))

/** Compiles the C peer and starts it; a text that says why when that cannot be done. */
export function startDotPeer(rows: number, width: number): DotPeer | string {
  const folder = mkdtempSync(join(tmpdir(), 'perstream-dot-'))
  const program = join(folder, 'dot-peer')
  try {
    execFileSync('gcc', ['-O3', '-march=native', '-ffast-math', '-o', program, source], { stdio: 'pipe' })
  } catch (error) {
    rmSync(folder, { recursive: true })
    return `gcc could not compile the C peer: ${(error as Error).message.split('\n')[0]}`
  }
  const child = spawn(program, [String(rows), String(width)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async measure(searches) {
      child.stdin.write(`${searches}\n`)
      const { value } = await lines.next()
      return Number(String(value).split(' ')[0])
    },
    close() {
      child.stdin.end()
      rmSync(folder, { recursive: true })
    },
  }
}
