import { createReferenceTextEncoder } from '@perstream/backends/reference'
import { collect } from '@perstream/kit'
import { createMemoryGraph, createVolatileStore } from '@perstream/pmg'
import type { MemoryRetriever, MemoryWriter } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import type { PerStreamEvent, PerStreamOptions } from '../src'
import { pipeline, recognizerOf } from './support/pipeline'

const words = {
  1: "My dentist appointment is on Tuesday at 3 o'clock.",
  2: 'I left the keys under the flower pot.',
  3: 'The next train to Cambridge leaves from platform 4.',
  4: 'Please water the plants in the living room.',
}
const speech = recognizerOf(words)
/** Said in seconds 2-4, 5-7, 7-8 and 10-12. */
const sound = [0, 0, 1, 1, 0, 2, 2, 3, 0, 0, 4, 4]
const frames = [0, 0, 0, 10, 10, 0, 0, 20, 0, 0, 0, 0]
const told = [
  [words[1], 2, 4],
  [words[2], 5, 7],
  [words[3], 7, 8],
  [words[4], 10, 12],
]

const stored = (events: readonly PerStreamEvent[]) =>
  events.flatMap((event) => (event.type === 'memory-stored' ? [event] : []))
const newMemory = async () => createMemoryGraph({ store: createVolatileStore(), text: createReferenceTextEncoder() })
type Graph = Awaited<ReturnType<typeof newMemory>>
const said = (memory: Graph) =>
  memory
    .list()
    .filter(({ origin }) => origin === 'said')
    .map(({ text, evidence }) => [text, ...evidence.flatMap((one) => [one.startSeconds, one.endSeconds])])
    .sort((a, b) => Number(a[1]) - Number(b[1]))

describe('what is said', () => {
  it('becomes memories, with its seconds, in order of time with what is seen', async () => {
    const memory = await newMemory()
    const { stream, source } = await pipeline(frames, { speech, sound, memory })
    const events = await collect(stream)
    expect(said(memory)).toEqual(told)
    const order = stored(events).map(({ origin, seconds }) => [origin, seconds])
    expect(order).toEqual([
      ['described', 3],
      ['said', 4],
      ['described', 4],
      ['said', 7],
      ['described', 7],
      ['said', 8],
      ['said', 12],
    ])
    const dentist = memory.list().find(({ text }) => text === words[1])!
    expect(dentist.validFrom).toBe(Date.parse('2026-05-17T12:00:02Z'))
    expect(dentist.confidence).toBe(0.8)
    expect([source.held(), source.listening()]).toEqual([0, 0])
    expect(events.at(-1)).toMatchObject({ type: 'finished', memoriesStored: 6 })
  })

  it('is what a question is answered from, once it was said', async () => {
    const question = 'When is my dentist appointment?'
    // All frames are one moment: the sentence is stored before either question is asked.
    const questions = [
      { question, atSeconds: 3 },
      { question, atSeconds: 5 },
    ]
    const dark = frames.map(() => 0)
    const memory = await newMemory()
    const ask = async (start: number) => {
      const { stream } = await pipeline(dark, { memory, speech, sound, questions, bufferSize: 12, start })
      return (await collect(stream)).flatMap((event) => (event.type === 'answered' ? [event] : []))
    }
    const answers = await ask(0)
    expect(answers.map(({ answerable }) => answerable)).toEqual([false, true])
    expect(answers[1]!.text).toContain('Tuesday')
    expect(answers[1]!.citations[0]!.evidence).toMatchObject([{ startSeconds: 2, endSeconds: 4 }])
    const later = await ask(12)
    expect(later.map(({ answerable }) => answerable)).toEqual([false, true])
    expect(later[1]!.text).toBe(answers[1]!.text)
  })

  it('is asked of the gate as other captions are', async () => {
    const memory = await newMemory()
    const { stream } = await pipeline(frames, { speech, sound, memory })
    const events = await collect(stream)
    const passed = events.flatMap((event) => (event.type === 'gate-passed' ? [event.text] : []))
    for (const text of Object.values(words)) expect(passed).toContain(text)
  })

  it('is not listened to without a recogniser, and missing sound is told once where there is one', async () => {
    const warnings = async (options: Parameters<typeof pipeline>[1]) =>
      (await collect((await pipeline(frames, options)).stream)).filter(({ type }) => type === 'warning')
    expect(await warnings({ sound })).toEqual([])
    expect(await warnings({ sound, speech })).toEqual([])
    expect(await warnings({ speech })).toMatchObject([{ code: 'sound-missing' }])
  })

  it('is listened to a little ahead of the frames, and no further', async () => {
    const long = Array.from({ length: 200 }, () => 0)
    const { stream, source } = await pipeline(long, { speech, sound: long })
    for await (const event of stream)
      if (event.type === 'progress') expect(source.heardTo()).toBeLessThanOrEqual(event.seconds + 43)
    expect(source.heardTo()).toBe(200)
  })

  it('is also heard where all was seen before, from where it is wanted', async () => {
    const memory = await newMemory()
    await collect((await pipeline(frames, { memory, sound })).stream)
    expect(said(memory)).toEqual([])
    const options = { memory, sound, speech, start: 12 }
    await collect((await pipeline(frames, { ...options, hearFrom: 4 })).stream)
    expect(said(memory)).toEqual(told.slice(1))
    await collect((await pipeline(frames, { ...options, hearFrom: 0 })).stream)
    expect(said(memory)).toEqual(told.slice(1))
  })
})

/** A run over the same source from where its frames were stored. */
async function goOn(memory: Graph | (MemoryWriter & MemoryRetriever), options: Partial<PerStreamOptions> = {}) {
  const start = Math.floor((memory.progress('synthetic')?.seconds ?? -1) + 1)
  return pipeline(frames, { speech, sound, memory, start, hearFrom: 0, ...options })
}

describe('a run that goes on', () => {
  it('has every sentence once, whichever event it was left at', async () => {
    const whole = await newMemory()
    const all = await collect((await goOn(whole)).stream)
    const texts = (memory: Graph) => memory.list().map(({ text }) => text)
    for (let leave = 1; leave < all.length; leave++) {
      const memory = await newMemory()
      const { stream, source } = await goOn(memory)
      let count = 0
      for await (const _ of stream) if (++count === leave) break
      expect(source.listening()).toBe(0)
      await collect((await goOn(memory)).stream)
      expect(said(memory)).toEqual(told)
      expect(texts(memory).sort()).toEqual(texts(whole).sort())
    }
  })

  it.each(['before', 'after'] as const)(
    'has every sentence once when writing failed %s it was durable',
    async (when) => {
      for (let failing = 1; failing <= 12; failing++) {
        const memory = await newMemory()
        let writes = 0
        const broken: MemoryWriter & MemoryRetriever = {
          progress: (source) => memory.progress(source),
          retrieve: (...args) => memory.retrieve(...args),
          delete: (...args) => memory.delete(...args),
          async create(...args) {
            const fails = ++writes === failing
            if (fails && when === 'before') throw new Error('power cut')
            const results = await memory.create(...args)
            if (fails) throw new Error('power cut')
            return results
          },
        }
        await expect(collect((await goOn(broken)).stream)).rejects.toThrow('power cut')
        await collect((await goOn(memory)).stream)
        expect(said(memory)).toEqual(told)
      }
    },
  )

  it('tells what went wrong in hearing, and frees everything', async () => {
    const failing: NonNullable<PerStreamOptions['speech']> = {
      async *transcribe(audio) {
        for await (const { startSeconds } of audio) if (startSeconds > 2) throw new Error('the model broke')
        yield* []
      },
    }
    const { stream, source } = await pipeline(frames, { speech: failing, sound })
    await expect(collect(stream)).rejects.toThrow('the model broke')
    expect([source.held(), source.listening()]).toEqual([0, 0])
  })
})
