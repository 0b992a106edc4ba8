import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Runs a file beside this one as a process of its own, and returns what it sends. */
export function runChild<Result>(file: string, args: readonly string[]): Promise<Result> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: [...process.execArgv, '--expose-gc'],
  })
  return new Promise((resolve, reject) => {
    let sent: Result | undefined
    child.on('message', (result) => {
      sent = result as Result
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code === 0 && sent !== undefined) resolve(sent)
      else reject(new Error(`${file} ended with exit code ${code}`))
    })
  })
}
