import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect } from '@perstream/kit'
import { afterAll, describe, expect, it } from 'vitest'
import { type AiCache, createAiAdapter, createFileAiCache, createMemoryAiCache } from '../../src/ai'
import { Budget } from '../../src/ai/budget'
import { failureOf, modelAt, serve } from './support'

const none = { say: '{"triplets":[]}', usage: [40, 10] } as const
const prompt = [{ role: 'user', parts: [{ kind: 'text', text: 'Hello' }] }] as const

describe('a budget', () => {
  it('of requests is kept, repeated ones counted, and says what was spent', async () => {
    await using it = await serve([{ status: 500 }, none], { budget: { maxRequests: 3 } })
    const extractor = it.ai.tripletExtractor()
    await extractor.extract('one')
    await extractor.extract('two')
    const error = await failureOf(extractor.extract('three'))
    expect(error).toMatchObject({
      code: 'budget-exceeded',
      fields: { limit: 'maxRequests', spent: 3, allowed: 3, usage: { requests: 3, repeated: 1 } },
    })
    expect((await failureOf(collect(it.ai.generator().generate(prompt)))).code).toBe('budget-exceeded')
    expect(it.server.requests).toHaveLength(3)
    expect(it.ai.usage.running).toBe(0)
  })

  it('ends the repeating of a request too', async () => {
    await using it = await serve([{ status: 500 }], { budget: { maxRequests: 2 } })
    expect((await failureOf(it.ai.tripletExtractor().extract('one'))).code).toBe('budget-exceeded')
    expect(it.server.requests).toHaveLength(2)
  })

  it('of tokens is kept, input and output together', async () => {
    await using it = await serve([none], { budget: { maxTokens: 100 } })
    const extractor = it.ai.tripletExtractor()
    await extractor.extract('one')
    await extractor.extract('two')
    expect(await failureOf(extractor.extract('three'))).toMatchObject({
      code: 'budget-exceeded',
      fields: { limit: 'maxTokens', spent: 100 },
    })
    expect(it.ai.usage).toMatchObject({ inputTokens: 80, outputTokens: 20, estimatedTokens: 0 })
  })

  it('charges nothing for what a service did not take, and reckons what it took and did not finish', async () => {
    for (const status of [401, 404, 429, 500]) {
      await using it = await serve([{ status }])
      await failureOf(it.ai.tripletExtractor().extract('one'))
      await failureOf(collect(it.ai.generator().generate(prompt)))
      expect(it.ai.usage).toMatchObject({ inputTokens: 0, outputTokens: 0, estimatedTokens: 0 })
    }
    await using cut = await serve([{ cutAfter: 'x'.repeat(40) }])
    await failureOf(collect(cut.ai.generator().generate(prompt)))
    expect(cut.ai.usage).toMatchObject({ inputTokens: 2, outputTokens: 10, estimatedTokens: 12 })
    await using left = await serve([{ hangAfter: 'abcd' }])
    for await (const _ of left.ai.generator().generate(prompt)) break
    expect(left.ai.usage).toMatchObject({ inputTokens: 2, outputTokens: 1, estimatedTokens: 3 })
  })

  it('reckons what a service does not report', async () => {
    await using it = await serve([{ say: 'x'.repeat(80), usage: null }])
    await collect(it.ai.generator().generate(prompt))
    expect(it.ai.usage).toMatchObject({ inputTokens: 2, outputTokens: 20, estimatedTokens: 22 })
  })

  it.each([1, 2])('of %i requests at a time is kept', async (maxConcurrent) => {
    await using it = await serve(
      async () => {
        await expect.poll(() => it.server.mostOpen()).toBe(maxConcurrent)
        await new Promise((resolve) => setTimeout(resolve, 20))
        return none
      },
      { budget: { maxConcurrent } },
    )
    await Promise.all(Array.from({ length: 7 }, (_, i) => it.ai.tripletExtractor().extract(`text ${i}`)))
    expect(it.server.mostOpen()).toBe(maxConcurrent)
    const asked = it.server.requests.map(({ text }) => Number(/text (\d)/.exec(text)![1]))
    expect(asked.sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(it.ai.usage.running).toBe(0)
  })

  it('gives places in the order in which requests came into line', async () => {
    const budget = new Budget({ maxConcurrent: 2 })
    const order: number[] = []
    const use = async (i: number) => {
      const leave = await budget.enter(undefined)
      order.push(i)
      await new Promise((resolve) => setTimeout(resolve, (i * 7) % 5))
      leave()
    }
    await Promise.all(Array.from({ length: 9 }, (_, i) => use(i)))
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(budget.usage.running).toBe(0)
  })

  it.each([
    { budget: { maxRequests: -1 } },
    { budget: { maxTokens: Number.NaN } },
    { budget: { maxConcurrent: 0 } },
    { retry: { attempts: 0 } },
    { retry: { firstDelay: -1 } },
    { timeout: 0 },
    { thinkingTokens: 0.5 },
  ])('and other options out of range are refused: %j', (options) => {
    expect(() => createAiAdapter(modelAt('http://127.0.0.1:9/v1'), options)).toThrow(TypeError)
  })
})

const folders: string[] = []
const newFolder = async () => {
  folders.push(await mkdtemp(join(tmpdir(), 'ai-cache-')))
  return folders.at(-1)!
}
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true })
})

const caches: [string, () => Promise<AiCache>][] = [
  ['in memory', async () => createMemoryAiCache()],
  ['of files', async () => createFileAiCache(join(await newFolder(), 'new'))],
]

describe.each(caches)('a cache %s', (_, create) => {
  it('answers what was asked before, streams too, and marks it in the usage', async () => {
    const cache = await create()
    await using it = await serve(
      [{ ...none, say: '{"triplets":[{"subject":"a","predicate":"b","object":"c"}]}' }, { say: 'Hello you' }],
      { cache },
    )
    const first = await it.ai.tripletExtractor().extract('one')
    expect(await it.ai.tripletExtractor().extract('one')).toEqual(first)
    const text = (await collect(it.ai.generator().generate(prompt))).join('')
    expect((await collect(it.ai.generator().generate(prompt))).join('')).toBe(text)
    expect(it.server.requests).toHaveLength(2)
    expect(it.ai.usage).toMatchObject({ requests: 2, cached: 2, cachedTokens: 170, inputTokens: 140, outputTokens: 30 })
  })

  it('knows a request by its text, its settings and its model', async () => {
    const cache = await create()
    await using it = await serve([{ say: 'Hello' }], { cache })
    const generator = it.ai.generator()
    for (const options of [{}, { seed: 1 }, { seed: 2 }, { temperature: 1 }, { maxNewTokens: 7 }, { stop: ['x'] }])
      await collect(generator.generate(prompt, options))
    await collect(generator.generate([{ role: 'user', parts: [{ kind: 'text', text: 'Hello!' }] }]))
    const image = (level: number) => ({ width: 8, height: 8, data: new Uint8Array(192).fill(level) })
    for (const level of [0, 255])
      await collect(generator.generate([{ role: 'user', parts: [{ kind: 'image', image: image(level) }] }]))
    expect(it.server.requests).toHaveLength(9)
    expect(it.ai.usage.cached).toBe(0)
  })

  it('keeps nothing that failed, was cut or could not be read', async () => {
    const cache = await create()
    await using it = await serve(
      [{ say: 'nonsense' }, { say: 'nonsense' }, { cutAfter: 'Half' }, { refuse: 'No' }, none, { say: 'Whole' }],
      { cache },
    )
    await failureOf(it.ai.tripletExtractor().extract('one'))
    await failureOf(collect(it.ai.generator().generate(prompt)))
    await failureOf(collect(it.ai.generator().generate(prompt)))
    expect(await it.ai.tripletExtractor().extract('one')).toEqual([])
    expect((await collect(it.ai.generator().generate(prompt))).join('')).toBe('Whole')
    expect(it.ai.usage.cached).toBe(0)
  })

  it('keeps the reply that came at the second asking under the first', async () => {
    const cache = await create()
    await using it = await serve([{ say: 'nonsense' }, none], { cache })
    await it.ai.tripletExtractor().extract('one')
    await it.ai.tripletExtractor().extract('one')
    expect(it.server.requests).toHaveLength(2)
  })

  it('is not asked when aborted', async () => {
    const reason = new Error('stop')
    await using it = await serve([none], { cache: await create() })
    await it.ai.tripletExtractor().extract('one')
    await expect(it.ai.tripletExtractor().extract('one', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

describe('the cache of files', () => {
  it('lasts, holds no key of the service, and leaves no half-written file', async () => {
    const folder = await newFolder()
    await using it = await serve([none], { cache: createFileAiCache(folder) })
    await Promise.all(Array.from({ length: 5 }, () => it.ai.tripletExtractor().extract('one')))
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    expect(files).toHaveLength(1)
    const path = join(files[0]!.parentPath, files[0]!.name)
    expect(await readFile(path, 'utf8')).not.toContain('sk-test')
    expect((await stat(path)).mode & 0o077).toBe(0)
    const before = it.ai.usage.requests
    await using again = await serve([none], { cache: createFileAiCache(folder) })
    await again.ai.tripletExtractor().extract('one')
    expect([again.ai.usage.requests, again.ai.usage.cached, before]).toEqual([0, 1, 5])
  })

  it('asks anew where a file is damaged', async () => {
    const folder = await newFolder()
    await using it = await serve([none], { cache: createFileAiCache(folder) })
    await it.ai.tripletExtractor().extract('one')
    const [file] = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    for (const damage of ['', '{"text":"{}', 'null', '{"text":1}', '{"text":"no json","reason":"stop"}']) {
      await writeFile(join(file!.parentPath, file!.name), damage)
      expect(await it.ai.tripletExtractor().extract('one')).toEqual([])
    }
    expect(it.ai.usage).toMatchObject({ requests: 6, cached: 0 })
  })

  it('takes no key that leads elsewhere, and fails the call when it cannot write', async () => {
    const cache = createFileAiCache(await newFolder())
    await expect(cache.get('../../etc/passwd')).rejects.toThrow(TypeError)
    await using it = await serve([none], { cache: createFileAiCache('/dev/null/nowhere') })
    await expect(it.ai.tripletExtractor().extract('one')).rejects.toThrow(/ENOTDIR/)
  })
})

describe('the cache in memory', () => {
  it('forgets what was not used for longest', async () => {
    const cache = createMemoryAiCache({ maxEntries: 2 })
    await cache.set('a', '1')
    await cache.set('b', '2')
    await cache.get('a')
    await cache.set('c', '3')
    expect([await cache.get('a'), await cache.get('b'), await cache.get('c')]).toEqual(['1', undefined, '3'])
    expect(() => createMemoryAiCache({ maxEntries: 0 })).toThrow(TypeError)
  })
})
