import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findJson } from './loose-json'

const first = (text: string) => findJson(text).next().value

describe('findJson', () => {
  it.each([
    ['plain', '[{"a":1}]', [{ a: 1 }]],
    ['a fence with language', '```json\n[1]\n```', [1]],
    ['a fence without', '```\n{"a":[1]}\n```', { a: [1] }],
    ['prose around', 'Sure! Here: [{"a":"b"}] Anything else?', [{ a: 'b' }]],
    ['brackets in the prose', 'As asked [see above], here: {"a":1}', { a: 1 }],
    ['thinking before', '<think>maybe {"a":0}</think>{"a":1}', { a: 1 }],
    [
      'a Python literal',
      "{'a': 'it\\'s', 'b': True, 'c': None, 'd': False}",
      { a: "it's", b: true, c: null, d: false },
    ],
    ['trailing commas', '[1, 2, ]', [1, 2]],
    ['keys without quotes', '{a: 1, b: "c"}', { a: 1, b: 'c' }],
    ['line ends in a text', '{"a": "one\ntwo"}', { a: 'one\ntwo' }],
    ['escapes', "['\\u00e4\\n\\t\\\\']", ['ä\n\t\\']],
    ['a list that was cut', '[{"a":1},{"a":2},{"a":', [{ a: 1 }, { a: 2 }]],
    ['an empty list', 'None: []', []],
    ['a full list after an empty one', 'The list [] is this: [1]', [1]],
    ['an object that was cut', '{"a":1,"b":"hal', { a: 1 }],
    ['a number that was cut off', '{"a":1,"b":1', { a: 1 }],
    ['nothing of the kind', 'I do not know.', undefined],
    ['brackets with words in them', 'As above [see there] and {so on}', undefined],
    ['a list that was cut at once', '[{"a', undefined],
    ['an empty text', '', undefined],
  ])('reads %s', (_, text, value) => {
    const found = [...findJson(text)]
    if (value === undefined) expect(found).toEqual([])
    else expect(found[0]).toEqual(value)
  })

  it('reads any JSON as JSON.parse does, also within prose and fences', () => {
    const json = fc
      .oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()))
      .map((value) => JSON.stringify(value))
      .filter((text) => !text.includes('__proto__'))
    fc.assert(
      fc.property(
        json,
        fc.constantFrom('', 'Here it is: ', '```json\n'),
        fc.constantFrom('', '\n```', ' Done.'),
        (text, before, after) => {
          expect(first(before + text + after)).toEqual(JSON.parse(text))
        },
      ),
    )
  })

  it('reads the same without JSON.parse: what prose after a bracket leaves to the tolerant reader', () => {
    const plain = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('__proto__'))
    const filled = fc.array(plain, { minLength: 1 })
    fc.assert(
      fc.property(filled, (value) => {
        expect([...findJson(`${JSON.stringify(value)} (see ])`)][0]).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('takes whatever comes without failing, in bounded time', () => {
    fc.assert(fc.property(fc.string(), (text) => void [...findJson(text)]))
    const pieces = fc.array(
      fc.constantFrom('[', ']', '{', '}', '"', "'", ',', ':', '\\', 'a', '1', ' ', '-', 'true', '\n'),
      { maxLength: 200 },
    )
    fc.assert(fc.property(pieces, (list) => void [...findJson(list.join(''))]))
    const start = performance.now()
    for (const text of ['['.repeat(100_000), '{"a":'.repeat(50_000), '"'.repeat(100_000), '[1,'.repeat(50_000)])
      [...findJson(text)]
    expect(performance.now() - start).toBeLessThan(3000)
  })

  it('cannot be made to write into prototypes', () => {
    for (const value of findJson("{'__proto__': {'polluted': True}} x"))
      expect((value as { polluted?: unknown }).polluted).toBeUndefined()
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
