import { inspect } from 'node:util'
import { collect } from '@perstream/kit'
import { describe, expect, it } from 'vitest'
import { createAiAdapter } from '../../src/ai'
import { startChatServer } from './chat-server'
import { failureOf, modelAt, secretKey, serve } from './support'

const good = { say: '{"triplets":[{"subject":"A","predicate":"p","object":"B"}]}' }
const triplet = { subject: 'A', predicate: 'p', object: 'B' }
const prompt = [{ role: 'user', parts: [{ kind: 'text', text: 'Hello' }] }] as const

describe('errors of a service are told apart', () => {
  it.each([
    [401, 'service-refused', 1],
    [403, 'service-refused', 1],
    [404, 'model-missing', 1],
    [413, 'prompt-too-long', 1],
    [400, 'model-unsupported', 1],
    [429, 'service-limited', 4],
    [500, 'service-failed', 4],
    [503, 'service-failed', 4],
  ] as const)('HTTP %i is %s after %i requests', async (status, code, requests) => {
    await using it = await serve([{ status }])
    const error = await failureOf(it.ai.tripletExtractor().extract('A p B.'))
    expect({ code: error.code, status: error.fields.status }).toEqual({ code, status })
    expect(it.server.requests).toHaveLength(requests)
    const streamed = await failureOf(collect(it.ai.generator().generate(prompt)))
    expect(streamed.code).toBe(code)
    expect(it.server.requests).toHaveLength(2 * requests)
    expect(it.ai.usage.running).toBe(0)
  })

  it.each([
    [
      400,
      { message: "This model's maximum context length is 4096 tokens.", code: 'context_length_exceeded' },
      'prompt-too-long',
    ],
    [400, { message: 'prompt is too long: 210000 tokens > 200000 maximum' }, 'prompt-too-long'],
    [
      400,
      { message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).' },
      'prompt-too-long',
    ],
    [
      400,
      { message: 'the request exceeds the available context size', type: 'exceed_context_size_error' },
      'prompt-too-long',
    ],
    [400, { message: 'blocked', code: 'content_filter' }, 'service-refused'],
    [400, { message: 'no', code: 'model_not_found' }, 'model-missing'],
    [429, { message: 'You exceeded your current quota', code: 'insufficient_quota' }, 'service-limited'],
  ] as const)('HTTP %i with %j is %s, asked once', async (status, error, code) => {
    await using it = await serve([{ status, body: { error } }])
    expect((await failureOf(it.ai.tripletExtractor().extract('A p B.'))).code).toBe(code)
    expect(it.server.requests).toHaveLength(1)
  })

  it('says unreachable when nobody listens, and when the name is not known', async () => {
    const server = await startChatServer([good])
    await server[Symbol.asyncDispose]()
    const ai = createAiAdapter(modelAt(server.baseURL), { retry: { firstDelay: 1 } })
    const error = await failureOf(ai.tripletExtractor().extract('A p B.'))
    expect({ code: error.code, network: error.fields.network }).toEqual({
      code: 'service-unreachable',
      network: 'ECONNREFUSED',
    })
    expect(ai.usage.requests).toBe(4)
    const nowhere = createAiAdapter(modelAt('http://nowhere.invalid/v1'), { retry: { firstDelay: 1 } })
    expect((await failureOf(collect(nowhere.generator().generate(prompt)))).code).toBe('service-unreachable')
  })

  it('never shows the key, whatever the service says', async () => {
    const message = `Incorrect API key provided: ${secretKey}; authorization: Bearer ${secretKey}`
    for (const status of [400, 401, 404, 429, 500]) {
      await using it = await serve([{ status, body: { error: { message } } }], { retry: { attempts: 1 } })
      for (const ask of [
        () => it.ai.judge().judge({ question: 'q', truth: 't', answer: 'a' }),
        () => collect(it.ai.generator().generate(prompt)),
      ])
        expect(inspect(await failureOf(ask()), { depth: 20, showHidden: true })).not.toContain(secretKey)
      expect(it.server.requests[0]!.authorization).toBe(`Bearer ${secretKey}`)
      expect(it.server.requests[0]!.text).not.toContain(secretKey)
    }
  })

  it('never shows a key that is no valid header', async () => {
    const ai = createAiAdapter(modelAt('http://127.0.0.1:9/v1', { apiKey: `${secretKey}\nx` }))
    const error = await failureOf(ai.tripletExtractor().extract('A p B.'))
    expect(error).toMatchObject({ code: 'service-refused', fields: { reason: 'headers-invalid' } })
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secretKey)
  })
})

describe('requests that failed are repeated', () => {
  it('after 500, 503 and a broken connection', async () => {
    await using it = await serve([{ status: 500 }, { cutAfter: '' }, { status: 503 }, good])
    expect(await it.ai.tripletExtractor().extract('A p B.')).toEqual([triplet])
    expect(it.ai.usage).toMatchObject({ requests: 4, repeated: 3 })
  })

  it('no sooner than the service asks, in seconds, milliseconds or as a date', async () => {
    const asks: [() => Record<string, string>, number][] = [
      [() => ({ 'retry-after': '1' }), 990],
      [() => ({ 'retry-after-ms': '300' }), 290],
      [() => ({ 'retry-after': new Date(Date.now() + 2000).toUTCString() }), 700],
    ]
    for (const [headers, least] of asks) {
      await using it = await serve([{ status: 429, headers: headers() }, good])
      const start = performance.now()
      expect(await it.ai.tripletExtractor().extract('A p B.')).toEqual([triplet])
      expect(performance.now() - start).toBeGreaterThan(least)
    }
  })

  it('not at all when it asks to wait longer than allowed', async () => {
    await using it = await serve([{ status: 429, headers: { 'retry-after': '3600' } }, good])
    const error = await failureOf(it.ai.tripletExtractor().extract('A p B.'))
    expect(error).toMatchObject({ code: 'service-limited', fields: { retryAfter: 3_600_000 } })
    expect(it.server.requests).toHaveLength(1)
  })

  it('when a stream breaks before its first text, in each way that it can', async () => {
    const ways = [
      { cutAfter: '' },
      { endAfter: '' },
      { errorAfter: '', error: { message: 'overloaded', type: 'server_error' } },
    ]
    for (const way of ways) {
      await using it = await serve([way, { say: 'Hello there' }])
      expect((await collect(it.ai.generator().generate(prompt))).join('')).toBe('Hello there')
      expect(it.server.requests).toHaveLength(2)
    }
  })

  it('but never when text had been given out: the error says how much', async () => {
    const ways = [
      { cutAfter: 'Half an ans' },
      { endAfter: 'Half an ans' },
      { errorAfter: 'Half an ans', error: { message: 'overloaded' } },
    ]
    for (const way of ways) {
      await using it = await serve([way, { say: 'Never' }])
      const pieces: string[] = []
      const reading = async () => {
        for await (const piece of it.ai.generator().generate(prompt)) pieces.push(piece)
      }
      const error = await failureOf(reading())
      expect(error).toMatchObject({ code: 'service-failed', fields: { streamedCharacters: 11 } })
      expect(pieces.join('')).toBe('Half an ans')
      expect(it.server.requests).toHaveLength(1)
    }
  })

  it('when the service gives no sign, which ends as service-failed', async () => {
    await using it = await serve([{ hangAfter: '' }], { timeout: 50, retry: { attempts: 2, firstDelay: 1 } })
    const error = await failureOf(it.ai.tripletExtractor().extract('A p B.'))
    expect(error).toMatchObject({ code: 'service-failed', fields: { reason: 'timeout' } })
    const streamed = await failureOf(collect(it.ai.generator().generate(prompt)))
    expect(streamed).toMatchObject({ code: 'service-failed', fields: { reason: 'timeout' } })
    expect(it.server.requests).toHaveLength(4)
  })

  it('with waits that a seed repeats', async () => {
    const { createBackoff } = await import('../../src/ai/retry')
    const waits = (seed: number) => {
      const backoff = createBackoff({ seed, attempts: 6, firstDelay: 100, longestDelay: 1000 })
      return [1, 2, 3, 4, 5, 6].map((attempt) => backoff.delay(attempt, undefined))
    }
    expect(waits(7)).toEqual(waits(7))
    expect(waits(7)).not.toEqual(waits(8))
    const [first, second, third, fourth, fifth, sixth] = waits(7)
    for (const [wait, full] of [
      [first, 100],
      [second, 200],
      [third, 400],
      [fourth, 800],
      [fifth, 1000],
    ] as const) {
      expect(wait).toBeGreaterThanOrEqual(full / 2)
      expect(wait).toBeLessThan(full)
    }
    expect(sixth).toBeUndefined()
  })
})

describe('an abort stops at once with its own reason', () => {
  const reason = new Error('changed my mind')

  it('before the first request', async () => {
    await using it = await serve([good])
    const signal = AbortSignal.abort(reason)
    await expect(it.ai.tripletExtractor().extract('A p B.', { signal })).rejects.toBe(reason)
    await expect(collect(it.ai.generator().generate(prompt, { signal }))).rejects.toBe(reason)
    expect(it.server.requests).toHaveLength(0)
  })

  it('while waiting for a reply, for a stream, and between its pieces; the connection is closed', async () => {
    for (const hangAfter of ['', 'slow words']) {
      await using it = await serve([{ hangAfter }])
      for (const start of [
        (signal: AbortSignal) => it.ai.tripletExtractor().extract('A p B.', { signal }),
        (signal: AbortSignal) => collect(it.ai.generator().generate(prompt, { signal })),
      ]) {
        const abort = new AbortController()
        const work = start(abort.signal)
        setTimeout(() => abort.abort(reason), 60)
        await expect(work).rejects.toBe(reason)
      }
      await expect.poll(() => it.server.open()).toBe(0)
      expect(it.ai.usage.running).toBe(0)
    }
  })

  it('during the wait before a request is repeated', async () => {
    await using it = await serve([{ status: 500 }], { retry: { firstDelay: 60_000, longestDelay: 60_000 } })
    const abort = new AbortController()
    const start = performance.now()
    setTimeout(() => abort.abort(reason), 60)
    await expect(it.ai.tripletExtractor().extract('A p B.', { signal: abort.signal })).rejects.toBe(reason)
    expect(performance.now() - start).toBeLessThan(5000)
    expect(it.server.requests).toHaveLength(1)
  })

  it('while waiting in line', async () => {
    await using it = await serve([{ hangAfter: '' }], { budget: { maxConcurrent: 1 } })
    const [first, second] = [new AbortController(), new AbortController()]
    const running = it.ai.tripletExtractor().extract('A p B.', { signal: first.signal })
    const waiting = it.ai.tripletExtractor().extract('C p D.', { signal: second.signal })
    setTimeout(() => second.abort(reason), 50)
    await expect(waiting).rejects.toBe(reason)
    first.abort(reason)
    await expect(running).rejects.toBe(reason)
    expect(it.server.requests).toHaveLength(1)
    expect(it.ai.usage.running).toBe(0)
  })

  it('with a model that heeds no signal', async () => {
    const deaf = {
      specificationVersion: 'v4',
      provider: 'p',
      modelId: 'm',
      doGenerate: () => new Promise(() => {}),
      doStream: () => new Promise(() => {}),
    } as const
    const ai = createAiAdapter(deaf)
    for (const start of [
      (signal: AbortSignal) => ai.tripletExtractor().extract('A p B.', { signal }),
      (signal: AbortSignal) => collect(ai.generator().generate(prompt, { signal })),
    ]) {
      const abort = new AbortController()
      setTimeout(() => abort.abort(reason), 30)
      await expect(start(abort.signal)).rejects.toBe(reason)
    }
  })

  it('and leaving a stream closes its connection', async () => {
    await using it = await serve([{ hangAfter: 'some words' }])
    for await (const _ of it.ai.generator().generate(prompt)) break
    await expect.poll(() => it.server.open()).toBe(0)
    expect(it.ai.usage).toMatchObject({ running: 0, requests: 1 })
  })
})

describe('replies that are of no use', () => {
  it.each([
    ['HTML', { raw: '<html>Sign in to the network</html>', type: 'text/html' }],
    ['other JSON', { raw: '{"ok":true}' }],
    ['wrong types', { raw: '{"choices":[{"message":{"role":"assistant","content":42}}]}' }],
    ['no choices', { raw: '{"choices":[]}' }],
  ] as const)('%s in place of the protocol is service-failed', async (_, reaction) => {
    await using it = await serve([reaction])
    expect((await failureOf(it.ai.tripletExtractor().extract('A p B.'))).code).toBe('service-failed')
    expect((await failureOf(collect(it.ai.generator().generate(prompt)))).code).toBe('service-failed')
  })

  it('refused content is named and not asked again', async () => {
    for (const reaction of [{ refuse: 'I cannot help with that.' }, { say: '', finish: 'content_filter' }]) {
      await using it = await serve([reaction])
      const asks = [() => it.ai.tripletExtractor().extract('A p B.'), () => collect(it.ai.generator().generate(prompt))]
      for (const ask of asks)
        expect(await failureOf(ask())).toMatchObject({ code: 'service-refused', fields: { reason: 'content-filter' } })
      expect(it.server.requests).toHaveLength(2)
    }
  })
})

describe('a model must be one', () => {
  it.each([
    ['an id', 'gpt-4o', /is the text "gpt-4o"/],
    ['nothing', undefined, /no language model/],
    [
      'an embedding model',
      { specificationVersion: 'v4', provider: 'p', modelId: 'm', doEmbed() {} },
      /no language model/,
    ],
    ['an old one', { specificationVersion: 'v1', provider: 'p', modelId: 'm', doGenerate() {}, doStream() {} }, /"v1"/],
  ])('%s is refused', (_, model, message) => {
    expect(() => createAiAdapter(model as never)).toThrow(TypeError)
    expect(() => createAiAdapter(model as never)).toThrow(message)
  })
})
