import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { PeerCall, PeerReply } from './peers-child'

/** A contestant in a process of its own: one that crashes takes nobody with it. */
export interface PeerProcess {
  call(call: PeerCall): Promise<PeerReply>
  end(): Promise<void>
}

export async function startPeer(name: string, folder: string, modules: string, queries: number): Promise<PeerProcess> {
  const file = fileURLToPath(new URL('./peers-child.ts', import.meta.url))
  const child = fork(file, [name, folder, modules, String(queries)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let said = ''
  child.stderr!.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(0, 20_000)
  })
  const ended = new Promise<never>((_, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) =>
      reject(new Error(`${reasonIn(said) ?? `it ended with ${signal ?? `exit code ${code}`}`}`)),
    )
  })
  ended.catch(() => {})
  await Promise.race([message(child), ended])
  return {
    async call(call) {
      child.send(call)
      return (await Promise.race([message(child), ended])) as PeerReply
    },
    async end() {
      if (child.exitCode === null && child.signalCode === null) child.send('end')
      await ended.catch(() => {})
    },
  }
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('message', resolve))
}

/** The line of an error in what a process said. */
function reasonIn(said: string): string | undefined {
  return said.split('\n').find((line) => /^\w*Error\b|^Error:/.test(line.trim()))
}
