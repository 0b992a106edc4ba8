import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModelV2, LanguageModelV3, LanguageModelV4 } from '@ai-sdk/provider'
import { collect } from '@perstream/kit'
import type { RgbImage } from '@perstream/spec'
import { extractReasoningMiddleware, wrapLanguageModel } from 'ai'
import { decode } from 'jpeg-js'
import { createOpenAICompatible as createV2 } from 'openai-compatible-v2'
import { createOpenAICompatible as createV3 } from 'openai-compatible-v3'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type AiLanguageModel, createAiAdapter, createVllmEmbeddings } from '../../src/ai'
import { type ContentPart, startChatServer } from './chat-server'
import { failureOf } from './support'

const settings = { name: 'local', apiKey: 'none', includeUsage: true }
const image: RgbImage = {
  width: 16,
  height: 8,
  data: Uint8Array.from({ length: 16 * 8 * 3 }, (_, i) => [200, 40, 90][i % 3]!),
}
const prompt = [
  { role: 'system', parts: [{ kind: 'text', text: 'Be brief.' }] },
  {
    role: 'user',
    parts: [
      { kind: 'text', text: 'What is this?' },
      { kind: 'image', image },
    ],
  },
  { role: 'assistant', parts: [{ kind: 'text', text: 'A' }] },
  { role: 'user', parts: [{ kind: 'text', text: 'Go on.' }] },
] as const

describe.each([
  ['v2 (ai 5)', createV2],
  ['v3 (ai 6)', createV3],
  ['v4 (ai 7)', createOpenAICompatible],
])('a provider of specification %s', (version, create) => {
  it('streams, with images, and reports what it used', async () => {
    await using server = await startChatServer([{ say: 'A red square, all of it.', usage: [30, 7] }])
    const model = create({ ...settings, baseURL: server.baseURL })('tiny')
    expect(model.specificationVersion).toBe(version.slice(0, 2))
    const ai = createAiAdapter(model)
    const pieces = await collect(
      ai.generator().generate(prompt, { maxNewTokens: 9, topP: 0.5, seed: 3, stop: ['END'] }),
    )
    expect(pieces.length).toBeGreaterThan(2)
    expect(pieces.join('')).toBe('A red square, all of it.')
    expect(ai.usage).toMatchObject({ requests: 1, inputTokens: 30, outputTokens: 7, estimatedTokens: 0, running: 0 })
    const { body } = server.requests[0]!
    expect(body).toMatchObject({ stream: true, temperature: 0, max_tokens: 9, top_p: 0.5, seed: 3, stop: ['END'] })
    expect(body.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
    const url = (body.messages[1]!.content as readonly ContentPart[])[1]!.image_url!.url
    expect(url).toMatch(/^data:image\/jpeg;base64,/)
    const picture = decode(Buffer.from(url.split(',')[1]!, 'base64'), { useTArray: true })
    expect([picture.width, picture.height]).toEqual([16, 8])
    for (const [i, value] of [200, 40, 90].entries()) expect(Math.abs(picture.data[i]! - value)).toBeLessThan(8)
  })

  it('sends stored visual embeddings to a server that takes them', async () => {
    await using server = await startChatServer([{ say: 'A wall.' }])
    const model = create({ ...settings, baseURL: server.baseURL })('tiny')
    const ai = createAiAdapter(model, { embeddings: createVllmEmbeddings({ space: 's' }) })
    const grid = { data: new Float32Array(8), rows: 2, columns: 2, dimensions: 2, space: 's' }
    await collect(ai.generator().generate([{ role: 'user', parts: [{ kind: 'embedding', grid }] }]))
    expect(server.requests[0]!.body.messages[0]!.content).toEqual([
      {
        type: 'image_embeds',
        image_embeds: { image_embeds: expect.any(String), image_grid_thw: expect.any(String) },
      },
    ])
  })

  it('replies in one piece, and its faults are told apart', async () => {
    const triplets = [{ subject: 'a', predicate: 'b', object: 'c' }]
    await using server = await startChatServer([
      { status: 500 },
      { say: JSON.stringify({ triplets }), usage: [30, 7] },
      { status: 401 },
    ])
    const ai = createAiAdapter(create({ ...settings, baseURL: server.baseURL })('tiny'), { retry: { firstDelay: 1 } })
    expect(await ai.tripletExtractor().extract('a b c')).toEqual(triplets)
    expect((await failureOf(ai.tripletExtractor().extract('a b c'))).code).toBe('service-refused')
    expect(ai.usage).toMatchObject({ requests: 3, repeated: 1 })
    expect(ai.usage.outputTokens).toBe(7)
  })

  it('that is cut says so, and that refuses too', async () => {
    await using server = await startChatServer([{ cutAfter: 'Half' }, { say: 'No.', finish: 'content_filter' }])
    const ai = createAiAdapter(create({ ...settings, baseURL: server.baseURL })('tiny'))
    expect((await failureOf(collect(ai.generator().generate(prompt)))).code).toBe('service-failed')
    expect((await failureOf(collect(ai.generator().generate(prompt)))).code).toBe('service-refused')
  })
})

describe('a model of the SDK', () => {
  it('fits by its type, in each version', () => {
    expectTypeOf<LanguageModelV2>().toExtend<AiLanguageModel>()
    expectTypeOf<LanguageModelV3>().toExtend<AiLanguageModel>()
    expectTypeOf<LanguageModelV4>().toExtend<AiLanguageModel>()
    expectTypeOf<string>().not.toExtend<AiLanguageModel>()
  })

  it('may be wrapped in middleware', async () => {
    await using server = await startChatServer([{ say: '<think>hm</think>Yes.' }])
    const model = wrapLanguageModel({
      model: createOpenAICompatible({ ...settings, baseURL: server.baseURL })('tiny'),
      middleware: extractReasoningMiddleware({ tagName: 'think' }),
    })
    const pieces = await collect(createAiAdapter(model).generator().generate(prompt))
    expect(pieces.join('').trim()).toBe('Yes.')
  })

  it('says what it cannot do, by warning', async () => {
    await using server = await startChatServer([{ say: 'Yes.' }])
    const warnings: string[] = []
    const ai = createAiAdapter(createOpenAICompatible({ ...settings, baseURL: server.baseURL })('tiny'), {
      onWarning: ({ code, message }) => warnings.push(`${code}: ${message}`),
    })
    await collect(ai.generator().generate(prompt, { topK: 5 }))
    expect(warnings).toEqual([expect.stringMatching(/^setting-unsupported: .*topK/)])
  })

  it.each([{ maxNewTokens: 0 }, { topK: 1.5 }, { topP: 0 }, { temperature: -1 }])(
    'is not asked with %j',
    async (options) => {
      const ai = createAiAdapter(createOpenAICompatible({ ...settings, baseURL: 'http://127.0.0.1:9/v1' })('tiny'))
      await expect(collect(ai.generator().generate(prompt, options))).rejects.toThrow(TypeError)
    },
  )

  it('is not asked with parts that a turn cannot have', async () => {
    await using server = await startChatServer([{ say: 'Yes.' }])
    const ai = createAiAdapter(createOpenAICompatible({ ...settings, baseURL: server.baseURL })('tiny'))
    const turns = [{ role: 'assistant', parts: [{ kind: 'image', image }] }] as const
    await expect(collect(ai.generator().generate(turns))).rejects.toThrow(TypeError)
    expect(server.requests).toHaveLength(0)
  })
})
