import { describe, expect, it } from 'vitest'
import { isInvented, isSpoken } from './invented'
import { sentencesOf } from './sentences'

describe('sentencesOf', () => {
  it('splits a part of several sentences, by its letters', () => {
    expect(sentencesOf([{ text: 'One two. Three four.', from: 10, to: 12 }])).toEqual([
      { text: 'One two.', startSeconds: 10, endSeconds: 10.8 },
      { text: 'Three four.', startSeconds: 10.9, endSeconds: 12 },
    ])
  })

  it('joins parts of one sentence that lie close, and no others', () => {
    const parts = [
      { text: 'The train leaves from', from: 0, to: 2 },
      { text: 'platform 4.', from: 2.2, to: 3 },
      { text: 'and then', from: 3, to: 4 },
      { text: 'Later.', from: 9, to: 10 },
    ]
    expect(sentencesOf(parts)).toEqual([
      { text: 'The train leaves from platform 4.', startSeconds: 0, endSeconds: 3 },
      { text: 'and then', startSeconds: 3, endSeconds: 4 },
      { text: 'Later.', startSeconds: 9, endSeconds: 10 },
    ])
  })

  it.each([
    ['Dr. Weber is at 3.15 p.m. today. Bring 2.50 euros!', ['Dr. Weber is at 3.15 p.m. today.', 'Bring 2.50 euros!']],
    ['Really? Yes.', ['Really?', 'Yes.']],
    ['你好。再见。', ['你好。', '再见。']],
    ['no end', ['no end']],
    ['', []],
  ])('finds the sentences of %j', (text, sentences) => {
    expect(sentencesOf([{ text, from: 0, to: 1 }]).map((sentence) => sentence.text)).toEqual(sentences)
  })
})

describe('what was invented', () => {
  const written = (text: string, meanLogProbability: number, noSpeechProbability: number | undefined) => ({
    ...{ meanLogProbability, noSpeechProbability, tokens: [] },
    parts: [{ text, from: 0, to: 1 }],
  })

  it.each([
    ['you', -0.38, 0.95, true],
    ['you', -1.05, 0.89, true],
    ['Good morning.', -0.14, 0.41, false],
    ['Is anybody there?', -0.5, 0.7, false],
    ['mumble', -2.5, undefined, true],
    ['Thanks for watching! '.repeat(20), -0.1, 0.1, true],
  ])('%j with log probability %d and no-speech probability %d: %s', async (text, mean, noSpeech, invented) => {
    expect(await isInvented(written(text, mean, noSpeech))).toBe(invented)
  })

  it.each([
    ['[BLANK_AUDIO]', false],
    ['(music playing)', false],
    ['♪ la la ♪', false],
    ['...', false],
    ['Hello (quietly).', true],
  ])('%j is spoken: %s', (text, spoken) => expect(isSpoken(text)).toBe(spoken))
})
