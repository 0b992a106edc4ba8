import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const chat = fileURLToPath(new URL('../src/chat.ts', import.meta.url))

/** Starts the chat on a folder, says lines to it one by one, each after the answer to the one before, then Ctrl-D. Returns what it said to each. */
export async function converse(folder: string, lines: readonly string[]): Promise<string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', chat, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const said: string[] = []
  let heard = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    heard += chunk
    if (!heard.endsWith('> ')) return
    said.push(heard.slice(0, -2).trim())
    heard = ''
    const line = lines[said.length - 1]
    if (line === undefined) child.stdin.end()
    else child.stdin.write(`${line}\n`)
  })
  const [code] = await closed
  if (code !== 0) throw new Error(`the chat ended with exit code ${code} after ${JSON.stringify(said)}`)
  return [...said, heard.trim()]
}
