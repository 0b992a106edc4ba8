import { describe, expect, it } from 'vitest'
import { applyWhisperRules, readWhisperTokens, type WhisperTokens } from './whisper-rules'

/** Words 0 to 3, the end 4, start 5, no speech 6, no timestamps 7, times from 8 (0.00 s) to 15 (0.14 s). */
const tokens: WhisperTokens = {
  ...{ end: 4, start: 5, noSpeech: 6, noTimestamps: 7, firstTimestamp: 8 },
  ...{ suppressed: [2, 5, 6], suppressedAtBegin: [3, 4], maxInitialTimestamp: 2 },
  ...{ languages: undefined, transcribe: undefined },
}

/** Tokens that may come next; all are equally likely but those given. */
function allowed(made: readonly number[], withTimestamps: boolean, likely: Readonly<Record<number, number>> = {}) {
  const logits = Float32Array.from({ length: 16 }, (_, i) => likely[i] ?? 0)
  applyWhisperRules(logits, made, tokens, withTimestamps)
  return [...logits.keys()].filter((token) => logits[token]! > Number.NEGATIVE_INFINITY)
}

const times = [8, 9, 10, 11, 12, 13, 14, 15]
/** Makes a word so likely that times do not outweigh all words together. */
const word = { 0: 9 }

describe('what Whisper may write next', () => {
  it('is nothing that is always suppressed, nor at the beginning what is suppressed there', () => {
    expect(allowed([], false)).toEqual([0, 1, 7, ...times])
    expect(allowed([0], false)).toEqual([0, 1, 3, 4, 7, ...times])
  })

  it('with times begins with an early time', () => {
    expect(allowed([], true)).toEqual([8, 9, 10])
  })

  it('is a word after a time that begins one, and a word or a later time after words', () => {
    expect(allowed([9], true, word)).toEqual([0, 1, 3, 4])
    expect(allowed([9, 0], true, word)).toEqual([0, 1, 3, 4, 10, 11, 12, 13, 14, 15])
  })

  it('is the end, or the time at which it goes on, after a time that ends one', () => {
    expect(allowed([9, 0, 12], true, { 4: 9 })).toEqual([4, 12, 13, 14, 15])
    expect(allowed([9, 0, 12, 12], true, word)).toEqual([0, 1, 3, 4])
  })

  it('is a time when all times together are likelier than the best word', () => {
    expect(allowed([9, 0], true)).toEqual([10, 11, 12, 13, 14, 15])
  })
})

describe('readWhisperTokens', () => {
  it('reads a model of many languages', () => {
    const generation = {
      ...{ is_multilingual: true, no_timestamps_token_id: 50363, lang_to_id: { '<|en|>': 50259, '<|de|>': 50261 } },
      task_to_id: { transcribe: 50359 },
    }
    const read = readWhisperTokens({ eos_token_id: 50257, decoder_start_token_id: 50258 }, generation)
    expect(read).toMatchObject({ end: 50257, start: 50258, noSpeech: 50362, firstTimestamp: 50364, transcribe: 50359 })
    expect(read.languages).toEqual({ '<|en|>': 50259, '<|de|>': 50261 })
  })
})
