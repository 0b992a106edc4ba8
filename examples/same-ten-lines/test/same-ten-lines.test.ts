import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { renderDemoClip } from '@perstream-examples/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChatServer } from '../../../packages/backends/test/ai/chat-server'

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
    await using service = await startChatServer([{ say: 'I paid 12.40 EUR at the bakery [1].' }])
    const lines = await watch('remote', { SERVICE_URL: service.baseURL })
    expect(lines.at(-2)).toBe(question)
    expect(service.requests.length).toBeGreaterThan(0)
  })
})
