import { describe, expect, it } from 'vitest'
import { demoScript } from './demo-script'
import { hasPart } from './script/questions'

const seeds = Array.from({ length: 100 }, (_, seed) => seed)
const scripts = seeds.map(demoScript)

describe('demoScript', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(demoScript(7)).toEqual(scripts[7])
    expect(new Set(scripts.map((script) => JSON.stringify(script.texts))).size).toBe(100)
  })

  it('lasts 60 to 90 seconds', () => {
    for (const { duration } of scripts) {
      expect(duration).toBeGreaterThanOrEqual(60)
      expect(duration).toBeLessThanOrEqual(90)
    }
  })

  it('asks at least 8 questions that the clip answers and 2 that it does not', () => {
    for (const { questions } of scripts) {
      expect(questions.filter((question) => question.answerable).length).toBeGreaterThanOrEqual(8)
      expect(questions.filter((question) => !question.answerable)).toHaveLength(2)
      expect(new Set(questions.map(({ question }) => question)).size).toBe(questions.length)
    }
  })

  it('shows each answer in one text only', () => {
    for (const { questions, texts } of scripts)
      for (const { accept, shownBy, answerable } of questions) {
        if (!answerable) continue
        for (const parts of accept)
          for (const { id, lines } of texts) {
            const found = parts.map((part) => hasPart(lines.join(' '), part))
            expect(found.every(Boolean), `${id} and ${parts}`).toBe(id === shownBy)
            if (id !== shownBy) expect(found.some(Boolean), `${id} and ${parts}`).toBe(false)
          }
      }
  })

  it('asks about nothing that is shown in the questions without an answer', () => {
    for (const { questions, texts } of scripts) {
      const shown = texts.flatMap((text) => text.lines).join(' ')
      for (const { question } of questions.filter(({ answerable }) => !answerable))
        for (const word of [
          'train',
          'passport',
          'sister',
          'flight',
          'rent',
          'bicycle',
          'library',
          'tram',
          'dog',
          'tablets',
        ])
          if (hasPart(question, word)) expect(hasPart(shown, word), word).toBe(false)
    }
  })

  it('shows every text for at least 3 seconds, one stretch of them at least 1 second long', () => {
    for (const { seed, texts, duration } of scripts)
      for (const { id, visible, fromSecond, toSecond } of texts) {
        const lengths = visible.map((span) => span.toSecond - span.fromSecond)
        const total = lengths.reduce((sum, length) => sum + length, 0)
        expect(total, `${id} of seed ${seed}`).toBeGreaterThanOrEqual(3)
        expect(Math.max(...lengths), `${id} of seed ${seed}`).toBeGreaterThanOrEqual(1)
        expect(fromSecond).toBe(visible[0]!.fromSecond)
        expect(toSecond).toBe(visible.at(-1)!.toSecond)
        expect(toSecond).toBeLessThanOrEqual(duration)
      }
  })

  it('varies the order of the stations and the time of recording', () => {
    const orders = scripts.map(({ texts }) =>
      [...texts]
        .sort((a, b) => a.fromSecond - b.fromSecond)
        .map(({ id }) => id)
        .join(),
    )
    expect(new Set(orders).size).toBeGreaterThan(20)
    expect(new Set(scripts.map(({ recordedAt }) => recordedAt.getTime())).size).toBeGreaterThan(95)
  })

  it('refuses a seed that is none', () => {
    expect(() => demoScript(-1)).toThrow(/seed must be a whole number/)
    expect(() => demoScript(1.5)).toThrow(TypeError)
  })
})
