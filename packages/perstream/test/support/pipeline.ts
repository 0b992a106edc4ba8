import { createReferenceTextEncoder } from '@perstream/backends/reference'
import { createRememberGate } from '@perstream/gate'
import { createMemoryGraph, createVolatileStore } from '@perstream/pmg'
import { createExtractiveAnswerer, neverSpeak } from '@perstream/responder'
import type { Captioner, SpeechRecognizer } from '@perstream/spec'
import { createIntervalKeyframes } from '@perstream/video'
import { createPerStream, type PerStreamOptions } from '../../src'
import { type SyntheticSourceOptions, syntheticSource } from '../synthetic-source'

/** Says a sentence for each brightness that has one; a sentence is one track. */
export function captionerOf(sentences: Readonly<Record<number, string>>): Captioner {
  return {
    async *caption(moments, { source }) {
      for await (const moment of moments) {
        const captions = []
        for (const { frame } of moment.keyframes) {
          const { data } = await frame.pixels()
          const text = sentences[data[0]!]
          if (text === undefined) continue
          const evidence = { source, startSeconds: frame.seconds, endSeconds: frame.seconds, frames: [frame.index] }
          captions.push({
            text,
            origin: 'described' as const,
            confidence: 0.9,
            evidence,
            track: `brightness ${data[0]}`,
          })
        }
        yield { ...moment, captions }
      }
    },
  }
}

/** Hears a sentence in each stretch of sound that has its number, and tells it in the pause behind it. */
export function recognizerOf(words: Readonly<Record<number, string>>): SpeechRecognizer {
  return {
    async *transcribe(audio) {
      let said: { value: number; from: number; to: number } | undefined
      const told = ({ value, from, to }: NonNullable<typeof said>) => ({
        text: words[value]!,
        startSeconds: from,
        endSeconds: to,
        confidence: 0.8,
      })
      for await (const { samples, sampleRate, startSeconds } of audio) {
        const value = Math.round((samples[0] ?? 0) * 100)
        if (said && said.value !== value) {
          yield told(said)
          said = undefined
        }
        if (value === 0) continue
        said = { value, from: said?.from ?? startSeconds, to: startSeconds + samples.length / sampleRate }
      }
      if (said) yield told(said)
    },
  }
}

export const sentences = {
  10: 'I parked my car in row C on level 2',
  20: 'My dentist appointment is on Tuesday at 15:30',
  30: 'I had lunch with Anna at the harbour',
}

/** A pipeline over a source of grey frames, one a second, with a memory that no file holds. */
export async function pipeline(
  brightness: readonly number[],
  { sound, start, ...options }: Partial<PerStreamOptions> & SyntheticSourceOptions = {},
) {
  const text = createReferenceTextEncoder()
  const memory = options.memory ?? (await createMemoryGraph({ store: createVolatileStore(), text }))
  const source = syntheticSource(brightness, new Date('2026-05-17T12:00:00Z'), {
    ...(sound && { sound }),
    ...(start !== undefined && { start }),
  })
  const stream = createPerStream({
    source,
    keyframes: createIntervalKeyframes({ interval: 1 }),
    caption: captionerOf(sentences),
    text,
    gate: await createRememberGate({ text, mode: 'absolute', threshold: 0 }),
    memory,
    answer: createExtractiveAnswerer(),
    speak: neverSpeak(),
    bufferSize: 1,
    ...options,
  })
  return { stream, memory, source }
}
