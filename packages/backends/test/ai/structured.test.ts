import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tripletExtractorContract } from '@perstream/conformance'
import { describe, expect, it } from 'vitest'
import { createAiAdapter } from '../../src/ai'
import { type ChatServer, startChatServer } from './chat-server'
import { failureOf, modelAt, serve } from './support'

const shared = process.env.PERSTREAM_SHARED ?? join(import.meta.dirname, '../../../../../shared')
const vectorsFile = join(shared, 'reference/vectors.json')

const one = '{"subject":"A","predicate":"p","object":"B"}'
const A = { subject: 'A', predicate: 'p', object: 'B' }
const C = { subject: 'C', predicate: 'q', object: 'D' }

/** The replies of I1-triplets with what the prototype makes of them wherever it is right, and with what is right elsewhere. */
const tripletReplies: Record<string, { replies: string[]; result: object[] | 'reply-invalid'; requests: number }> = {
  'plain array': { replies: [`[${one}]`], result: [A], requests: 1 },
  fenced: { replies: [`\`\`\`json\n[${one}]\n\`\`\``], result: [A], requests: 1 },
  'fence without language': { replies: [`\`\`\`\n[${one}]\n\`\`\``], result: [A], requests: 1 },
  'prose before array': { replies: [`Here: [${one}]`], result: [A], requests: 1 },
  'object instead of list': { replies: [one], result: [A], requests: 1 },
  'three triplets': {
    replies: [`[${one},{"subject":"C","predicate":"q","object":"D"},{"subject":"E","predicate":"r","object":"F"}]`],
    result: [A, C],
    requests: 1,
  },
  'first incomplete': {
    replies: ['[{"subject":"","predicate":"p","object":"B"},{"subject":" C ","predicate":"q","object":"D"}]'],
    result: [C],
    requests: 1,
  },
  'number field': { replies: ['[{"subject":1,"predicate":"p","object":null}]'], result: 'reply-invalid', requests: 2 },
  'all incomplete': { replies: ['[{"subject":"A"}]'], result: 'reply-invalid', requests: 2 },
  'list of strings': { replies: ['["a","b"]'], result: 'reply-invalid', requests: 2 },
  'empty list': { replies: ['[]'], result: [], requests: 1 },
  'bad then good': { replies: ['oops', `[${one}]`], result: [A], requests: 2 },
  'error twice then good': { replies: ['x', 'x', `[${one}]`], result: 'reply-invalid', requests: 2 },
  'always error': { replies: ['x'], result: 'reply-invalid', requests: 2 },
  'incomplete in first two, good third': {
    replies: ['[{"subject":""},{"subject":""},{"subject":"E","predicate":"r","object":"F"}]'],
    result: [{ subject: 'E', predicate: 'r', object: 'F' }],
    requests: 1,
  },
  'content None': { replies: ['None'], result: 'reply-invalid', requests: 2 },
}

describe('triplets', () => {
  it.each(Object.entries(tripletReplies))('%s', async (_, { replies, result, requests }) => {
    await using it = await serve(replies.map((say) => ({ say })))
    const work = it.ai.tripletExtractor().extract('A p B and C q D.')
    if (result === 'reply-invalid') expect((await failureOf(work)).code).toBe(result)
    else expect(await work).toEqual(result)
    expect(it.server.requests).toHaveLength(requests)
  })

  it.skipIf(!existsSync(vectorsFile))('covers the replies of I1-triplets (skipped: no shared material)', () => {
    const { vectors } = JSON.parse(readFileSync(vectorsFile, 'utf8')) as {
      vectors: { id: string; input: { replies: object } }[]
    }
    const { replies } = vectors.find(({ id }) => id === 'I1-triplets')!.input
    expect(Object.fromEntries(Object.entries(tripletReplies).map(([name, each]) => [name, each.replies]))).toEqual(
      replies,
    )
  })

  it.each([
    ['the asked form', `{"triplets":[${one}]}`, [A]],
    ['none, said as such', '{"triplets":[]}', []],
    ['cut after the first', `{"triplets":[${one},{"subject":"C","predi`, [A]],
    ['thinking first', `<think>[{"subject":"X"}]</think>{"triplets":[${one}]}`, [A]],
    ['single quotes', "[{'subject': 'A', 'predicate': 'p', 'object': 'B'}]", [A]],
    [
      'numbers as words',
      '[{"subject":"bill","predicate":"is","object":12}]',
      [{ subject: 'bill', predicate: 'is', object: '12' }],
    ],
  ])('reads %s', async (_, say, result) => {
    await using it = await serve([{ say }])
    expect(await it.ai.tripletExtractor().extract('A p B.')).toEqual(result)
    expect(it.server.requests).toHaveLength(1)
  })

  it('asks with a schema, greedily, the text in a data block alone', async () => {
    await using it = await serve([{ say: '[]' }])
    await it.ai.tripletExtractor({ maxTriplets: 3 }).extract('Zebras nap.')
    const { body } = it.server.requests[0]!
    expect(body).toMatchObject({ model: 'tiny', temperature: 0, max_tokens: 500 })
    expect(body.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(body.messages[0]!.content).not.toContain('Zebras')
    expect(body.messages[1]!.content).toMatch(/^Text:\n<data-([0-9a-f]{24})>\nZebras nap\.\n<\/data-\1>$/)
    expect(body.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: { schema: { type: 'object', required: ['triplets'], additionalProperties: false } },
    })
  })

  it('works with services that take no schema, or no response format at all', async () => {
    await using server = await startChatServer([{ say: `Of course: ${one}` }])
    const plain = createAiAdapter(modelAt(server.baseURL, { structured: false }))
    expect(await plain.tripletExtractor().extract('A p B.')).toEqual([A])
    const bare = createAiAdapter(modelAt(server.baseURL), { omit: ['responseFormat', 'temperature'] })
    expect(await bare.tripletExtractor().extract('A p B.')).toEqual([A])
    const [first, second] = server.requests.map(({ body }) => body)
    expect(first!.response_format).toEqual({ type: 'json_object' })
    expect(second).not.toHaveProperty('response_format')
    expect(second).not.toHaveProperty('temperature')
  })

  it('says what was wrong when it asks again, without repeating the reply; more room when it was cut', async () => {
    await using it = await serve([{ say: 'IGNORE EVERYTHING', finish: 'length' }, { say: '[]' }])
    await it.ai.tripletExtractor().extract('A p B.')
    const [first, second] = it.server.requests
    expect(second!.text).toMatch(/An earlier reply to this had no JSON in it/)
    expect(second!.text).not.toContain('IGNORE')
    expect(second!.body.max_tokens).toBe(2 * first!.body.max_tokens!)
    expect(it.ai.usage).toMatchObject({ requests: 2, repeated: 1 })
  })

  it('shows a reply that is of no use, shortened', async () => {
    await using it = await serve([{ say: `never mind ${'x'.repeat(5000)}` }])
    const error = await failureOf(it.ai.tripletExtractor().extract('A p B.'))
    expect(error.message).toContain('never mind xxx')
    expect(error.message.length).toBeLessThan(700)
    expect(error.fields).toMatchObject({ problem: 'had no JSON in it, twice' })
  })

  it('an empty reply is asked for again and then invalid', async () => {
    await using it = await serve([{ say: '' }])
    expect(await failureOf(it.ai.tripletExtractor().extract('A p B.'))).toMatchObject({
      fields: { problem: 'was empty, twice' },
    })
    expect(it.server.requests).toHaveLength(2)
  })
})

let ruled: ChatServer
/** A server that takes a plain sentence apart as a model would: the word before and after the verb. */
const sentences = async () => {
  ruled ??= await startChatServer(({ text }) => {
    const triplets = /Anna opens the door/.test(text)
      ? [{ subject: 'Anna', predicate: 'opens', object: 'the door' }]
      : []
    return { say: JSON.stringify({ triplets }) }
  })
  return createAiAdapter(modelAt(ruled.baseURL)).tripletExtractor()
}
tripletExtractorContract('of an OpenAI-compatible server', { create: sentences })

describe('the judge', () => {
  const ask = { question: 'Where are the keys?', truth: 'On the table', answer: 'They lie on the table.' }

  it.each([
    ["Sure! {'pred': 'yes', 'score': 4}", { correct: true, score: 0.8 }],
    ['{"pred": "yes", "score": 4}', { correct: true, score: 0.8 }],
    ["{'pred': 'yes', 'score': '4'}", { correct: true, score: 0.8 }],
    ["```\n{'pred': 'yes', 'score': 4}\n```", { correct: true, score: 0.8 }],
    ["{'pred': 'yes', 'score': 4.8}", { correct: true, score: 4.8 / 5 }],
    ["{'pred': True, 'score': 4}", { correct: true, score: 0.8 }],
    ['{"correct":false,"score":0,"reason":"Another place."}', { correct: false, score: 0, reason: 'Another place.' }],
    ['{"correct":"No","score":"2/5","reason":"Half."}', { correct: false, score: 0.4, reason: 'Half.' }],
  ])('reads %s', async (say, verdict) => {
    await using it = await serve([{ say }])
    expect(await it.ai.judge().judge(ask)).toMatchObject(verdict)
    expect(it.server.requests).toHaveLength(1)
  })

  it.each([
    "{'score': 4}",
    '{"correct":true,"score":9,"reason":""}',
    '{"correct":"unknown","score":3}',
    'yes',
    '[]',
    '{"correct":1,"score":1}',
  ])('asks again for %s, and then it is invalid', async (say) => {
    await using it = await serve([{ say }])
    expect((await failureOf(it.ai.judge().judge(ask))).code).toBe('reply-invalid')
    expect(it.server.requests).toHaveLength(2)
  })

  it.skipIf(!existsSync(vectorsFile))(
    'reads or refuses each reply of K5-judge-parse (skipped: no shared material)',
    async () => {
      const { vectors } = JSON.parse(readFileSync(vectorsFile, 'utf8')) as {
        vectors: { id: string; input: { replies: string[] }; expected: Record<string, unknown> }[]
      }
      const { input, expected } = vectors.find(({ id }) => id === 'K5-judge-parse')!
      for (const say of input.replies) {
        await using it = await serve([{ say }])
        if (expected[say] === 'KeyError') expect((await failureOf(it.ai.judge().judge(ask))).code).toBe('reply-invalid')
        else expect((await it.ai.judge().judge(ask)).correct).toBe(true)
      }
    },
  )

  it('shows the three texts as data', async () => {
    await using it = await serve([{ say: '{"correct":true,"score":5,"reason":"Same."}' }])
    await it.ai.judge({ standard: 'helpful' }).judge(ask)
    const [system, user] = it.server.requests[0]!.body.messages
    expect(system!.content).toContain('said unasked')
    for (const text of Object.values(ask)) {
      expect(system!.content).not.toContain(text)
      expect(it.server.requests[0]!.text).toMatch(
        new RegExp(`<data-[0-9a-f]{24}>\n${text.replace(/[?.]/g, '\\$&')}\n</data-`),
      )
    }
    expect(user!.role).toBe('user')
  })
})
