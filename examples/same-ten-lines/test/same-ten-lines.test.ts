import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { renderDemoClip } from '@perstream-examples/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const example = join(import.meta.dirname, '../src/watch.ts')
const models = join(process.env.PERSTREAM_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'models')
const env = { TEXT_MODEL: join(models, 'all-MiniLM-L6-v2'), LOCAL_MODEL: join(models, 'tiny-qwen2.5-omni-thinker') }
const hasModels = Object.values(env).every((folder) => existsSync(folder))
const question = 'What did I pay at the bakery?'

describe('the same ten lines', () => {
  let folder: string
  let clip: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perstream-ten-lines-'))
    clip = join(folder, 'clip.mp4')
    await renderDemoClip({ seed: 1, path: clip, start: 0, end: 8 })
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const watch = async (name: string, more: Record<string, string> = {}) => {
    const options = { env: { ...process.env, ...env, ...more }, maxBuffer: 1 << 24 }
    return (await promisify(execFile)('tsx', [example, name, clip, question], options)).stdout.trim().split('\n')
  }

  it('run on offline models', async () => {
    const lines = await watch('lite')
    expect(lines.filter((line) => /^\d+\.\d created ./.test(line)).length).toBeGreaterThan(0)
    expect(lines.at(-2)).toBe(question)
  })

  it.skipIf(!hasModels)('run on a local model that sees (skipped: no shared models)', async () => {
    const lines = await watch('local')
    expect(lines.at(-2)).toBe(question)
  })

  it.skipIf(!hasModels)('run on a service (skipped: no shared models)', async () => {
    await using service = await startService()
    const lines = await watch('remote', { SERVICE_URL: service.url })
    expect(lines.at(-2)).toBe(question)
    expect(service.asked()).toBeGreaterThan(0)
  })
})

/** A service that says the same of every picture. */
async function startService() {
  let asked = 0
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    asked++
    const said = { role: 'assistant', content: 'I paid 12.40 EUR at the bakery [1].' }
    const isStream = (JSON.parse(body) as { stream?: boolean }).stream === true
    const choice = { index: 0, [isStream ? 'delta' : 'message']: said, finish_reason: 'stop' }
    const reply = JSON.stringify({ id: 'r', object: 'chat.completion', created: 1, model: 'm', choices: [choice] })
    response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json')
    response.end(isStream ? `data: ${reply}\n\ndata: [DONE]\n\n` : reply)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
