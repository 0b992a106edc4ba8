import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { collect } from '@perstream/kit'
import { createMemoryGraph, createVolatileStore } from '@perstream/pmg'
import { openTensorFiles } from '@perstream/pmg/files'
import type { Captioner, Moment } from '@perstream/spec'
import { openFrameSource } from '@perstream/video'
import { nodeAvDriver } from '@perstream/video/node-av'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lookAlikeFolder } from '../../backends/src/transformers/look-alikes'
import { writeSmolVlm } from '../../backends/src/transformers/tiny-smolvlm'
import { writeDinov2 } from '../../backends/src/transformers/tiny-vision'
import { startChatServer } from '../../backends/test/ai/chat-server'
import { createOmniPreset, createPerStream, createStandardPreset, type PipelinePreset } from '../src'
import { publishedModels } from '../src/cli/published-models'
import { captionWithBoth } from '../src/presets/caption-with-both'
import { writeClip } from './support/clip'
import { events, ofType, perstream } from './support/command'
import { writeTinyBert } from './support/tiny-bert'
import { scratchFolder } from './support/walk'

const shared = resolve(import.meta.dirname, '../../..', process.env.PERSTREAM_SHARED ?? '../shared')
const tinyOmni = join(shared, 'models', 'tiny-qwen2.5-omni-thinker')
const hasOmni = existsSync(join(tinyOmni, 'config.json'))

const scratch = scratchFolder()
const clip = scratch.path('walk.mp4')
const text = scratch.path('tiny-bert')
beforeAll(() => {
  writeClip(clip, {
    seconds: 6,
    signs: [
      { lines: ['Dentist appointment', 'Tuesday 14 May', '15:30'], from: 0.3, to: 3 },
      { lines: ['Parking level 2', 'Row C'], from: 3.3, to: 6 },
    ],
    createdAt: '2026-05-17T12:30:00Z',
  })
  mkdirSync(text)
  writeTinyBert(text)
}, 60_000)
afterAll(() => scratch.remove())

/** Watches the clip with a preset; grids lie in files. */
async function watch(preset: PipelinePreset) {
  await using tensors = await openTensorFiles(scratch.path(`grids-${preset.name}`), { mode: 'write' })
  await using memory = await createMemoryGraph({ store: createVolatileStore(), tensors })
  await using source = await openFrameSource(clip, { drivers: [nodeAvDriver()] })
  const question = 'Where is my car?'
  const run = createPerStream({ ...preset, source, memory, questions: [{ question }] })
  const told = await collect(run)
  return { told, grids: memory.stats().grids, space: memory.stats().space, memories: memory.stats().memories }
}

describe('the standard preset', () => {
  it('reads signs and describes frames, in the space of its encoder', async () => {
    const folder = await lookAlikeFolder()
    try {
      await writeSmolVlm(folder)
      await using preset = await createStandardPreset({ text, captioner: folder.path, device: 'cpu', threads: 1 })
      const { told, space } = await watch(preset)
      const kinds = new Set(
        told.flatMap((event) => (event.type === 'gate-passed' || event.type === 'gate-refused' ? [event.text] : [])),
      )
      expect(preset.missing).toEqual([])
      expect([...kinds].some((words) => words?.includes('Dentist'))).toBe(true)
      expect(kinds.size).toBeGreaterThan(2)
      expect([undefined, 'tiny-bert']).toContain(space)
      expect(told.at(-1)).toMatchObject({ type: 'finished' })
    } finally {
      await folder.remove()
    }
  })

  it('runs from the command line, and keeps grids', async () => {
    const [captioner, vision] = [await lookAlikeFolder(), await lookAlikeFolder()]
    try {
      await writeSmolVlm(captioner)
      await writeDinov2(vision)
      const store = scratch.path('standard-memory')
      const models = ['--preset', 'standard', '--model', captioner.path, '--vision', vision.path, '--text', text]
      const run = await events('run', clip, '--store', store, ...models, '--device', 'cpu')
      expect(run).toMatchObject({ code: 0 })
      expect(ofType(run.events, 'memory-stored').some((event) => event.text.includes('Dentist'))).toBe(true)
      const { grids } = JSON.parse((await perstream('inspect', store, '--json')).stdout) as { grids: number }
      expect(grids).toBeGreaterThan(0)
    } finally {
      await Promise.all([captioner.remove(), vision.remove()])
    }
  })

  it('tells of all models that are not there, and how to get them', async () => {
    const run = await perstream(
      ...['run', clip, '--store', scratch.path('none'), '--preset', 'standard'],
      ...['--models', scratch.path('no-models')],
    )
    expect(run.code).toBe(1)
    for (const id of Object.values(publishedModels).filter((name) => name !== publishedModels.omni))
      expect(run.stderr).toContain(`perstream models pull ${id} --files "*.json" `)
    const words = ['run', clip, '--store', scratch.path('none'), '--preset', 'standard', '--vision', 'none']
    expect((await perstream(...words, '--models', scratch.path('no-models'))).stderr).not.toContain('dinov2')
  })

  it('closes what it opened when a model is missing', async () => {
    const missing = createStandardPreset({ text, captioner: scratch.path('none'), device: 'cpu' })
    await expect(missing).rejects.toMatchObject({ code: 'model-missing' })
  })
})

describe.skipIf(!hasOmni)(`the omni preset${hasOmni ? '' : ' (skipped: no shared material)'}`, () => {
  it('sees, captions, stores grids and answers with one model', async () => {
    const options = { text, model: tinyOmni, device: 'cpu', threads: 1, gammaThreshold: 0 } as const
    await using preset = await createOmniPreset(options)
    const { told, grids, memories } = await watch(preset)
    expect(memories).toBeGreaterThan(0)
    expect(grids).toBeGreaterThan(0)
    const stored = told.filter((event) => event.type === 'memory-stored')
    expect(stored.every(({ origin }) => origin === 'described')).toBe(true)
    expect(told.filter((event) => event.type === 'answered')).toHaveLength(1)
  })

  it('runs from the command line', async () => {
    const store = scratch.path('omni-memory')
    const run = await events(
      'run',
      clip,
      '--store',
      store,
      '--preset',
      'omni',
      '--model',
      tinyOmni,
      '--text',
      text,
      '--device',
      'cpu',
    )
    expect(run).toMatchObject({ code: 0 })
    expect(ofType(run.events, 'finished')).toHaveLength(1)
  })
})

describe('the remote preset', () => {
  it('captions and answers by a service, with the key of the environment', async () => {
    await using service = await startChatServer(({ body }) => ({ say: replyTo(JSON.stringify(body.messages)) }))
    const run = await events(
      ...['run', clip, '--store', scratch.path('remote-memory'), '--preset', 'remote', '--text', 'lite'],
      ...['--base-url', service.baseURL, '--model', 'm', '--ask', 'Where is my car?'],
    )
    expect(run).toMatchObject({ code: 0 })
    const stored = ofType(run.events, 'memory-stored')
    expect(stored.map((event) => event.text)).toContain('I parked my car in row C on level 2.')
    const [answer] = ofType(run.events, 'answered')
    expect(answer).toMatchObject({ answerable: true, citations: [{ memoryId: stored[0]!.id }] })
    expect(service.requests.some(({ body }) => JSON.stringify(body.messages).includes('image_url'))).toBe(true)
  })

  it('needs a service and a model', async () => {
    const run = await perstream('run', clip, '--store', scratch.path('none'), '--preset', 'remote')
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('--base-url') })
    const other = await perstream('run', clip, '--store', scratch.path('none'), '--vision', 'siglip')
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('standard') })
  })
})

describe('captionWithBoth', () => {
  it('gives each moment the captions of both, the first ones first', async () => {
    const saying = (words: string): Captioner => ({
      async *caption(moments) {
        const evidence = { source: 's', startSeconds: 0, endSeconds: 0, frames: [] }
        for await (const moment of moments) {
          const text = `${words} ${moment.keyframes.length}`
          yield { ...moment, captions: [{ text, origin: 'described', confidence: 1, evidence }] }
        }
      },
    })
    async function* moments(): AsyncGenerator<Moment> {
      for (const length of [1, 2, 3]) yield { keyframes: new Array(length).fill({}) }
    }
    const both = captionWithBoth(saying('read'), saying('seen')).caption(moments(), { source: 's' })
    const texts = (await collect(both)).map(({ captions }) => captions.map((caption) => caption.text))
    expect(texts).toEqual([1, 2, 3].map((length) => [`read ${length}`, `seen ${length}`]))
  })
})

/** What a service replies that sees a car and knows where it stands. */
function replyTo(said: string): string {
  if (said.includes('image_url')) return 'I parked my car in row C on level 2.'
  if (/triplet/i.test(said)) return '{"triplets": [{"subject": "I", "predicate": "parked in row C", "object": "car"}]}'
  return 'Your car is in row C on level 2 [1].'
}
