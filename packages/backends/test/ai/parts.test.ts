import { answererContract, captionerContract } from '@perstream/conformance'
import { collect } from '@perstream/kit'
import type { CaptionedMoment, Frame, Memory, Moment, PerStreamError, RetrievedMemory, RgbImage } from '@perstream/spec'
import { afterAll, describe, expect, it } from 'vitest'
import { type AiCaptionerOptions, createAiAdapter, createMemoryAiCache } from '../../src/ai'
import { type ChatServer, type ContentPart, type Reaction, startChatServer } from './chat-server'
import { failureOf, modelAt, serve } from './support'

const servers: ChatServer[] = []
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]()
})

async function lasting(script: Parameters<typeof startChatServer>[0]) {
  const server = await startChatServer(script)
  servers.push(server)
  return { server, ai: createAiAdapter(modelAt(server.baseURL)) }
}

function plain(level: number): RgbImage {
  return { data: new Uint8Array(24 * 16 * 3).fill(level), width: 24, height: 16 }
}

/** What a request shows: the red of the first dot of each picture cannot be read here, so its size in bytes stands for it. */
function imagesOf(content: string | readonly ContentPart[]): string[] {
  return typeof content === 'string' ? [] : content.flatMap((part) => (part.image_url ? [part.image_url.url] : []))
}

captionerContract('of an OpenAI-compatible server', {
  create: async () => (await lasting([{ say: 'A grey wall fills the view.' }])).ai.captioner(),
  pictures: () => [plain(40), plain(90), plain(200)],
})

answererContract(async () => {
  const { ai } = await lasting(({ text }) => {
    const [, memories = '', question = ''] =
      /Memories:\n<data-\w+>\n(.*)\n<\/data-\w+>.*Question:\n<data-\w+>\n(.*)\n<\/data-/s.exec(text) ?? []
    const words = question.toLowerCase().match(/passport|bread/g) ?? []
    const found = memories.split('\n').filter((line) => words.some((word) => line.toLowerCase().includes(word)))
    if (found.length === 0) return { say: 'NOT_SEEN' }
    return { say: found.map((line) => `${line.replace(/^\[\d+\] /, '')} ${/^\[\d+\]/.exec(line)![0]}.`).join(' ') }
  })
  return ai.answerer()
})

describe('the captioner', () => {
  const caption = async (
    ai: { captioner: (options?: AiCaptionerOptions) => ReturnType<ReturnType<typeof createAiAdapter>['captioner']> },
    moments: Iterable<Moment>,
    options?: AiCaptionerOptions,
  ) => {
    const result: CaptionedMoment[] = []
    async function* source() {
      yield* moments
    }
    for await (const moment of ai.captioner(options).caption(source(), { source: 'day.mp4' })) result.push(moment)
    return result
  }
  const momentOf = (...indexes: number[]): Moment => ({
    keyframes: indexes.map((index) => ({
      frame: frameOf(plain(index % 256), index),
      reason: 'interval',
      motion: 0,
      sharpness: 0,
    })),
  })

  it('gives one caption, described, with the frames of the moment as evidence', async () => {
    await using it = await serve([{ say: ' "A cup stands\non the table." ' }])
    const [moment] = await caption(it.ai, [momentOf(30, 60, 90)])
    expect(moment!.captions).toEqual([
      {
        text: 'A cup stands on the table.',
        origin: 'described',
        confidence: 0.8,
        evidence: { source: 'day.mp4', startSeconds: 1, endSeconds: 3, frames: [30, 60, 90] },
      },
    ])
    const [system, user] = it.server.requests[0]!.body.messages
    expect(system!.content).toMatch(/200 characters at most/)
    expect(imagesOf(user!.content)).toHaveLength(3)
    expect(new Set(imagesOf(user!.content)).size).toBe(3)
  })

  it('shows at most so many frames, the first and the last among them', async () => {
    await using it = await serve([{ say: 'A wall.' }])
    const moment = momentOf(...Array.from({ length: 9 }, (_, i) => i * 20))
    await caption(it.ai, [moment, moment], { maxFrames: 3 })
    await caption(it.ai, [momentOf(0), momentOf(80), momentOf(160)])
    const [three, , ...singles] = it.server.requests.map(({ body }) => imagesOf(body.messages[1]!.content))
    expect(three).toEqual(singles.flat())
  })

  it('tells further fields as captions of their own, and leaves out what is empty', async () => {
    const reply = { caption: 'A sign on a door.', text: ['OPEN', '9-17'], people: '', mood: null }
    await using it = await serve([{ say: JSON.stringify(reply) }])
    const fields = { text: 'all readable text', people: 'who is seen', mood: 'the mood' }
    const [moment] = await caption(it.ai, [momentOf(30)], { fields, focus: 'Read every sign.', confidence: 0.5 })
    expect(moment!.captions.map(({ text, confidence }) => [text, confidence])).toEqual([
      ['A sign on a door.', 0.5],
      ['OPEN, 9-17', 0.5],
    ])
    const { body } = it.server.requests[0]!
    expect(body.messages[0]!.content).toMatch(/Read every sign\..*"people": who is seen/s)
    expect(body.response_format!.json_schema!.schema).toMatchObject({ required: ['caption', 'text', 'people', 'mood'] })
  })

  it('gives no caption where nothing can be made out, and half a reply to its last full stop', async () => {
    await using it = await serve([
      { say: 'NOTHING' },
      { say: 'A man runs. He then tur', finish: 'length' },
      { say: 'A man who', finish: 'length' },
    ])
    const result = await caption(it.ai, [momentOf(0), momentOf(30), momentOf(60)])
    expect(result.map(({ captions }) => captions.map(({ text }) => text))).toEqual([
      [],
      ['A man runs.'],
      ['A man who…'],
    ])
  })

  it('asks one at a time, or as many as it is told, and keeps the order', async () => {
    for (const [ahead, most] of [
      [undefined, 1],
      [3, 3],
    ] as const) {
      const { server, ai } = await lasting(async ({ body }): Promise<Reaction> => {
        const size = imagesOf(body.messages[1]!.content).length
        await expect.poll(() => server.mostOpen()).toBe(most)
        await new Promise((resolve) => setTimeout(resolve, size * 25))
        return { say: `${size} pictures.` }
      })
      const moments = [momentOf(0, 30, 60), momentOf(90), momentOf(120, 150), momentOf(180)]
      const result = await caption(ai, moments, { ahead })
      expect(result.map(({ captions }) => captions[0]!.text)).toEqual([
        '3 pictures.',
        '1 pictures.',
        '2 pictures.',
        '1 pictures.',
      ])
      expect(server.mostOpen()).toBe(most)
    }
  })

  it('stops what is under way when the reader leaves', async () => {
    await using it = await serve(({ body }) =>
      imagesOf(body.messages[1]!.content).length === 1 ? { say: 'One.' } : { hangAfter: '' },
    )
    async function* source() {
      yield* [momentOf(0), momentOf(30, 60), momentOf(90, 120)]
    }
    for await (const _ of it.ai.captioner({ ahead: 3 }).caption(source(), { source: 's' })) break
    await expect.poll(() => it.server.open()).toBe(0)
    expect(it.ai.usage.running).toBe(0)
  })

  it('ends with a moment that is refused or of no use, unless it is told where to report it', async () => {
    const script: Reaction[] = [{ say: 'A wall.' }, { refuse: 'No.' }, { say: '' }, { say: '' }, { say: 'A door.' }]
    await using strict = await serve(script)
    const moments = [momentOf(0), momentOf(30), momentOf(60), momentOf(90)]
    expect((await failureOf(caption(strict.ai, moments))).code).toBe('service-refused')
    await using lenient = await serve(script)
    const failed: [string, number][] = []
    const result = await caption(lenient.ai, moments, {
      onMomentFailed: (error, moment) => failed.push([error.code, moment.keyframes[0]!.frame.index]),
    })
    expect(result.map(({ captions }) => captions.map(({ text }) => text))).toEqual([['A wall.'], [], [], ['A door.']])
    expect(failed).toEqual([
      ['service-refused', 30],
      ['reply-invalid', 60],
    ])
  })

  it('ends with a failing service even then', async () => {
    await using it = await serve([{ status: 401 }])
    const failed: PerStreamError[] = []
    const work = caption(it.ai, [momentOf(0)], { onMomentFailed: (error) => failed.push(error) })
    expect((await failureOf(work)).code).toBe('service-refused')
    expect(failed).toEqual([])
  })

  it.each([
    { maxFrames: 0 },
    { ahead: 1.5 },
    { height: 0 },
    { confidence: 2 },
    { fields: { caption: 'x' } },
    { fields: { 'a b': 'x' } },
  ])('refuses %j', async (options) => {
    const { ai } = await lasting([{ say: '' }])
    expect(() => ai.captioner(options)).toThrow(TypeError)
  })
})

describe('the answerer', () => {
  const answer = async (
    say: string | Reaction[],
    memories = [memoryOf('a', 'The keys lie on the shelf.'), memoryOf('b', 'The bus is late.')],
  ) => {
    const script: Reaction[] = typeof say === 'string' ? [{ say, pieces: say.length || 1 }] : say
    await using it = await serve(script)
    const parts: unknown[] = []
    const request = {
      question: 'Where are the keys?',
      memories,
      moment: { now: Date.UTC(2026, 0, 2, 9), source: 'day.mp4', seconds: 40 },
    }
    for await (const part of it.ai.answerer().answer(request))
      parts.push(
        part.kind === 'citation' ? [part.citation.memoryId] : part.kind === 'text' ? part.text : { notSeen: part.text },
      )
    return { parts: joined(parts), requests: it.server.requests, usage: it.ai.usage }
  }
  const notSeen = { notSeen: 'I did not see that.' }

  it.each([
    ['On the shelf [1].', [`On the shelf`, 'a', '.']],
    ['On the shelf [1] and late [2].', ['On the shelf', 'a', ' and late', 'b', '.']],
    ['Both [1, 2].', ['Both', 'a', 'b', '.']],
    ['Both [1-2].', ['Both', 'a', 'b', '.']],
    ['Both [1][2]', ['Both', 'a', 'b']],
    ['Once [1], twice [1].', ['Once', 'a', ', twice.']],
    ['Shelf [memory 1].', ['Shelf', 'a', '.']],
    ['Shelf【1】', ['Shelf', 'a']],
    ['Shelf [7][1].', ['Shelf', 'a', '.']],
    ['An array a[i] on it [1] [sic].', ['An array a[i] on it', 'a', ' [sic].']],
    ['On the shelf [9].', [notSeen]],
    ['On the shelf.', [notSeen]],
    ['<think>The keys [2]? NOT_SEEN?</think>\n\nOn the shelf [1].', ['On the shelf', 'a', '.']],
    ['<thin [1] ice', ['<thin', 'a', ' ice']],
    ['On the shelf [1]. NOT_SEEN', ['On the shelf', 'a', '. ']],
    ['NOT_SEEN', [notSeen]],
    ['NOT_SEEN. The memories [1] tell nothing.', [notSeen]],
    ['Sorry: not_seen', [notSeen]],
    ['[0] and [-1] and [1e9]', [notSeen]],
  ])('%s', async (say, parts) => {
    expect((await answer(say)).parts).toEqual(parts)
  })

  it('answers from the cache what it answered live, however the text comes', async () => {
    for (const say of ['NOT_SEEN. See [1].', 'On the shelf [1], so [2].', '<think>[1]</think>NOT_SEEN']) {
      const cache = createMemoryAiCache()
      await using it = await serve([{ say, pieces: say.length }], { cache })
      const request = {
        question: 'Where?',
        memories: [memoryOf('a', 'Keys.'), memoryOf('b', 'Bus.')],
        moment: { now: 0 },
      }
      const ask = async () => {
        const parts: unknown[] = []
        for await (const part of it.ai.answerer().answer(request))
          parts.push(part.kind === 'citation' ? [part.citation.memoryId] : part.text)
        return joined(parts)
      }
      expect(await ask()).toEqual(await ask())
      expect(it.ai.usage).toMatchObject({ requests: 1, cached: 1 })
    }
  })

  it('cites word for word, with evidence', async () => {
    await using it = await serve([{ say: 'There [1].' }])
    const memory = memoryOf('a', 'The keys\nlie [2] there.')
    const request = { question: 'Where?', memories: [memory], moment: { now: 0 } }
    const citations = []
    for await (const part of it.ai.answerer().answer(request))
      if (part.kind === 'citation') citations.push(part.citation)
    expect(citations).toEqual([{ memoryId: 'a', text: memory.memory.text, evidence: memory.memory.evidence }])
    expect(it.server.requests[0]!.text).toContain(
      '[1] (read, Thursday, January 1, 2026 at 10:00, at second 12 of an earlier video) The keys / lie [2] there.',
    )
  })

  it('gives out text while the reply still comes', async () => {
    await using it = await serve([{ hangAfter: 'On the shelf [1], where it' }])
    const request = { question: 'Where?', memories: [memoryOf('a', 'Keys.')], moment: { now: 0 } }
    const seen: string[] = []
    for await (const part of it.ai.answerer().answer(request)) {
      seen.push(part.kind === 'citation' ? part.citation.memoryId : part.text)
      if (seen.join('').includes('where')) break
    }
    expect(seen.slice(0, 2)).toEqual(['On the shelf', 'a'])
  })

  it('asks nobody without memories, words or a question', async () => {
    const empty = await answer('x', [])
    expect(empty).toMatchObject({ parts: [notSeen], requests: [], usage: { requests: 0 } })
    expect((await answer('x', [memoryOf('a', ' ')])).requests).toEqual([])
  })

  it('an empty reply is invalid, a refusal is refused, a cut one says so', async () => {
    for (const say of ['', '<think>I never end [1]']) {
      await using it = await serve([{ say }, { say: 'On the shelf [1].' }], { cache: createMemoryAiCache() })
      const request = { question: 'Where?', memories: [memoryOf('a', 'Keys.')], moment: { now: 0 } }
      const ask = () => collect(it.ai.answerer().answer(request))
      expect(await failureOf(ask())).toMatchObject({ code: 'reply-invalid', fields: { problem: 'was empty' } })
      expect(await ask()).toHaveLength(3)
    }
    expect((await failureOf(answer([{ refuse: 'No.' }]))).code).toBe('service-refused')
    expect((await failureOf(answer([{ cutAfter: 'On the shelf [1]' }]))).code).toBe('service-failed')
  })
})

/** Neighbouring texts as one: how they are cut up is not promised. */
function joined(parts: readonly unknown[]): unknown[] {
  const result: unknown[] = []
  for (const part of parts) {
    if (typeof part === 'string' && typeof result.at(-1) === 'string') result[result.length - 1] += part
    else result.push(part)
  }
  return result.map((part) => (Array.isArray(part) ? part[0] : part))
}

function frameOf(image: RgbImage, index: number): Frame {
  const { width, height } = image
  return { index, seconds: index / 30, width, height, pixels: async () => image, release() {}, [Symbol.dispose]() {} }
}

function memoryOf(id: string, text: string): RetrievedMemory {
  const memory: Memory = {
    id,
    text,
    origin: 'read',
    category: 'note',
    owner: 'me',
    confidence: 1,
    evidence: [{ source: 'old.mp4', startSeconds: 12, endSeconds: 12, frames: [360] }],
    triplets: [],
    space: undefined,
    track: undefined,
    validFrom: undefined,
    validTo: undefined,
    learnedAt: Date.UTC(2026, 0, 1, 10),
    updatedAt: Date.UTC(2026, 0, 1, 10),
  }
  return { memory, score: 1, parts: { vector: 0, lexical: 1, graph: 0, time: 0 }, similarity: undefined }
}
