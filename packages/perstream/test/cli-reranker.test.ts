import { createUseLiteEncoder } from '@perstream/lite'
import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeClip } from './support/clip'
import { type Outcome, start } from './support/command'
import { writeTinyBert, writeTinyCrossEncoder } from './support/tiny-bert'
import { scratchFolder, walkSigns } from './support/walk'

const scratch = scratchFolder()
const [memory, cross, broken, sentences] = ['memory', 'cross', 'broken', 'sentences'].map((name) => scratch.path(name))
const env = { PERSTREAM_MODELS: scratch.path('models'), PERSTREAM_OFFLINE: '1' }
const run = (...args: string[]): Promise<Outcome> => start(args, { env }).ended
const question = 'Where did I park?'

beforeAll(async () => {
  writeTinyCrossEncoder(cross!)
  writeTinyCrossEncoder(broken!, Number.NaN)
  writeTinyBert(sentences!)
  await using text = await createUseLiteEncoder()
  await using store = await openFileStore(memory!, { mode: 'write' })
  await using graph = await createMemoryGraph({ store, text })
  const texts = ['I parked in row C on level 2', 'My dentist is on Tuesday', 'I paid the car at the bakery']
  await graph.create(texts.map((text) => ({ text, category: 'notes', origin: 'told' })))
})
afterAll(() => scratch.remove())

describe('--reranker', () => {
  it('has a cross-encoder read what was found for a question', async () => {
    const answered = await run('ask', memory!, question, '--reranker', cross!, '--json')
    expect(answered).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(answered.stdout)).toMatchObject({ type: 'answered', text: expect.stringContaining('row C') })
    const failed = await run('ask', memory!, question, '--reranker', broken!)
    expect(failed.code).not.toBe(0)
    expect(failed.stderr).toContain('the reranker gave the score NaN for 3 texts')
  }, 60_000)

  it('is there while a video is watched too', async () => {
    const clip = scratch.path('clip.mp4')
    writeClip(clip, { seconds: 6, signs: walkSigns })
    const args = ['run', clip, '--store', scratch.path('run'), '--ask', 'What is the room number?', '--no-proactive']
    const failed = await run(...args, '--reranker', broken!)
    expect(failed.code).not.toBe(0)
    expect(failed.stderr).toContain('the reranker gave the score NaN')
  }, 120_000)

  it('says what is wrong with a model, and how to get one', async () => {
    const other = await run('ask', memory!, question, '--reranker', sentences!)
    expect(other.code).not.toBe(0)
    expect(other.stderr).toContain('take a cross-encoder such as ms-marco-MiniLM-L6-v2')
    const missing = await run('ask', memory!, question, '--reranker', 'cross-encoder/ms-marco-MiniLM-L6-v2')
    expect(missing.code).not.toBe(0)
    expect(missing.stderr).toContain(
      'perstream models pull cross-encoder/ms-marco-MiniLM-L6-v2 --files "*.json" model.safetensors',
    )
  }, 60_000)
})
