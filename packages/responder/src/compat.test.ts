import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { PatchGrid } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import {
  buildPassivePrompt,
  buildProactiveMemoryBlock,
  dummyImageSide,
  layVisuals,
  parseProactiveReply,
  recordReply,
} from './compat'

const path = resolve(
  process.env.PERSTREAM_SHARED ?? resolve(import.meta.dirname, '../../../../shared'),
  'reference/vectors.json',
)
const shared = existsSync(path)
// biome-ignore lint/suspicious/noExplicitAny: the vectors are of many shapes
const vector = (id: string): any =>
  JSON.parse(readFileSync(path, 'utf8')).vectors.find((each: { id: string }) => each.id === id)
const grid = (value: number, rows = 1): PatchGrid => ({
  data: new Float32Array(rows).fill(value),
  rows,
  columns: 1,
  dimensions: 1,
  space: 's',
})
const named = ['first memory', 'second memory', 'third memory']

describe('compat', () => {
  it('builds the passive prompt (G1)', () => {
    const prompt = buildPassivePrompt(
      named.map((text) => ({ text })),
      'Where am I?',
    )
    expect(prompt).toBe('Memories:\n1. first memory\n2. second memory\n3. third memory\n\nWhere am I?')
    expect(buildPassivePrompt([], 'Only question')).toBe('Only question')
    expect(buildPassivePrompt([{ text: null }], 'Q')).toBe('Memories:\n1. None\n\nQ')
  })

  it('cuts the context at 1000 code points (G2)', () => {
    const prompt = buildPassivePrompt(new Array(4).fill({ text: 'x'.repeat(400) }), 'Q')
    expect(prompt).toHaveLength(1005)
    expect(prompt.endsWith('xxx...\nQ')).toBe(true)
    expect(prompt.split('\n')[3]).toHaveLength('3. '.length + 179 + '...'.length)
    const emoji = buildPassivePrompt([{ text: '🦊'.repeat(1200) }], 'Q')
    expect(Array.from(emoji)).toHaveLength(1005)
    expect(emoji).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
  })

  it('orders visuals by time, mean before nearest, short-term last (G1)', () => {
    const visuals = [
      { createdAt: -50, meanGrid: grid(10), nearestGrid: grid(11) },
      { createdAt: -40 },
      { createdAt: -90, meanGrid: grid(30), nearestGrid: grid(31) },
    ]
    expect(layVisuals(visuals, [grid(1), grid(2)]).map(({ data }) => data[0])).toEqual([30, 31, 10, 11, 1, 2])
  })

  it('refuses no visuals and mixed sizes by name (G3)', () => {
    expect(() => layVisuals([], [])).toThrow(expect.objectContaining({ code: 'input-invalid' }))
    expect(() => layVisuals([], [grid(1, 4), grid(1, 1)])).toThrow(expect.objectContaining({ code: 'input-invalid' }))
  })

  it('knows the side of the dummy image (B2)', () => {
    const sides = { 1: 28, 2: 42, 4: 56, 8: 84, 9: 84, 12: 98, 16: 112, 25: 140, 36: 168, 49: 196, 64: 224, 100: 280 }
    for (const [patches, side] of Object.entries(sides)) expect(dummyImageSide(Number(patches))).toBe(side)
    expect(() => dummyImageSide(0)).toThrow(TypeError)
  })

  it.each([
    ['hello<|im_end|>', 'hello', 'hello'],
    ['</silence>', '', undefined],
    ['</silence><|im_end|>', '</silence>', undefined],
    ['I think </silence> no', 'I think </silence> no', undefined],
    ['   ', '   ', undefined],
    ['[SILENT]', '[SILENT]', '[SILENT]'],
    [
      '</response> "Watch out."</response>',
      '</response> "Watch out."</response>',
      '</response> "Watch out."</response>',
    ],
  ])('reads the reply %j (G4)', (withSpecial, withoutSpecial, text) => {
    const speech = parseProactiveReply({ withSpecial, withoutSpecial })
    expect(speech).toMatchObject(text === undefined ? { kind: 'silent' } : { kind: 'spoke', text })
  })

  it('records what was said, and no silence (E3, corrected)', () => {
    expect(recordReply(parseProactiveReply({ withSpecial: '</silence>', withoutSpecial: '</silence>' }))).toEqual([])
    expect(recordReply(parseProactiveReply({ withSpecial: 'Hi', withoutSpecial: 'Hi' }))).toEqual([
      ['[PROACTIVE]', 'Hi'],
    ])
  })

  it('builds the proactive memory block (G5)', () => {
    const block = buildProactiveMemoryBlock(
      named.map((text, index) => ({ text, category: ['vehicle', 'age', 'apps'][index]! })),
    )
    expect(block).toBe(
      'Memory 1:\n- Category: vehicle\n- Description: first memory\n\nMemory 2:\n- Category: age\n- Description: second memory\n\nMemory 3:\n- Category: apps\n- Description: third memory\n',
    )
  })

  it.skipIf(!shared)('agrees with the vectors E3, B2, G1, G2, G4 and G5 (skipped without shared material)', () => {
    const passive = vector('G1-passive-context')
    const memories = passive.input.memories_in_retrieval_order
    expect(
      buildPassivePrompt(
        memories.map((each: { caption_text: string }) => ({ text: each.caption_text })),
        passive.input.query,
      ),
    ).toBe(passive.expected.prompt)
    const cut = vector('G2-context-truncation').expected
    expect(buildPassivePrompt(new Array(4).fill({ text: 'x'.repeat(400) }), 'Q')).toHaveLength(cut.prompt_length)
    for (const each of vector('G4-silence-handling').expected) {
      const speech = parseProactiveReply({
        withSpecial: each.decoded_with_special,
        withoutSpecial: each.decoded_without_special,
      })
      expect(speech.kind === 'spoke' ? speech.text : '</silence>').toBe(each.returned)
    }
    const categories = ['vehicle', 'age', 'apps']
    const block = memories.map((each: { caption_text: string }, index: number) => ({
      text: each.caption_text,
      category: categories[index],
    }))
    expect(buildProactiveMemoryBlock(block)).toBe(vector('G5-proactive-context').expected.memory_block)
    for (const each of vector('B2-dummy-image').expected) expect(dummyImageSide(each.patches)).toBe(each.dummy_size)
    expect(recordReply(parseProactiveReply({ withSpecial: '</silence>', withoutSpecial: '</silence>' }))).toEqual(
      vector('E3-silence-treated-as-alert').corrected.recorded,
    )
  })
})
