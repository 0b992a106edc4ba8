import { createRandom, type Random } from '@perstream/kit'
import type { Caption, TextLine } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createTextTracks } from './text-tracks'
import { settle } from './text-vote'

const aspect = 16 / 9

/** A line of text at a place, its letters 0.04 of the frame high. */
function line(text: string, left = 0.3, top = 0.3, confidence = 0.97): TextLine {
  const width = (text.length * 0.02) / aspect
  const words = text.split(' ').map((word) => ({ text: word, confidence }))
  return { text, confidence, words, box: { left, top, right: left + width, bottom: top + 0.04 } }
}

/** Lines one below the other. */
function page(texts: readonly string[], left = 0.3, top = 0.2, confidence = 0.97): TextLine[] {
  return texts.map((text, i) => line(text, left, top + i * 0.06, confidence))
}

/** Misreads characters with a chance; words that were misread tend to be less sure. */
function misread(text: string, chance: number, random: Random): TextLine['words'] {
  return text.split(' ').map((word) => {
    let wrong = 0
    const characters = [...word].map((character) => {
      if (random.next() >= chance) return character
      wrong++
      return random.pick([...'aeio1l08Bcs'])
    })
    const confidence = Math.min(0.99, Math.max(0.4, 0.92 - 0.15 * wrong + 0.06 * random.gaussian()))
    return { text: characters.join(''), confidence }
  })
}

/** Feeds frames a second apart unless told otherwise; returns the last caption of each track. */
function follow(frames: readonly (readonly TextLine[])[], secondsOf = (i: number) => i): Map<string, Caption> {
  const tracks = createTextTracks({ source: 'test' })
  const captions = new Map<string, Caption>()
  for (const [i, lines] of frames.entries())
    for (const caption of tracks.add({ frame: i * 30, seconds: secondsOf(i), aspect, lines }))
      captions.set(caption.track!, caption)
  return captions
}

const textsOf = (captions: ReadonlyMap<string, Caption>) => [...captions.values()].map((caption) => caption.text)

describe('settle', () => {
  const words = (text: string, confidence: number) => text.split(' ').map((word) => ({ text: word, confidence }))
  const settled = (...readings: TextLine['words'][]) =>
    settle(readings)
      .map((word) => word.text)
      .join(' ')

  it('lets sure readings outvote more doubtful ones', () =>
    expect(settled(words('Dentist 10:80', 0.6), words('Dentist 10:80', 0.6), words('Dentist 10:30', 0.98))).toBe(
      'Dentist 10:30',
    ))

  it('combines what each reading got right', () =>
    expect(
      settled(words('Dentisl Dr. Miller', 0.9), words('Dentist Dr, Miller', 0.9), words('Dentist Dr. Mi1ler', 0.9)),
    ).toBe('Dentist Dr. Miller'))

  it('parts and joins words as most readings do', () =>
    expect(settled(words('SPEED LIMIT', 0.9), words('SPEEDLIMIT', 0.9), words('SPEED LIMIT', 0.9))).toBe('SPEED LIMIT'))

  it('completes a line that was cut off in most readings', () =>
    expect(settled(words('tist Dr. Mi', 0.9), words('Dentist Dr. Miller', 0.9), words('tist Dr. Mil', 0.9))).toBe(
      'Dentist Dr. Miller',
    ))

  it('gives less confidence to what was disputed', () => {
    const [calm, disputed] = settle([words('Room 412', 0.9), words('Room 413', 0.9), words('Room 412', 0.9)])
    expect(calm!.confidence).toBeCloseTo(0.9)
    expect(disputed!.confidence).toBeLessThan(0.85)
  })

  it('beats the single readings, and the surest of them, on noisy lines', () => {
    const random = createRandom(7)
    const lines = [
      'Dentist Dr. Miller',
      'Tuesday 14 March 10:30',
      'Bakery Schmidt',
      'Total 12.50',
      'Room 4.12 Anna Berg',
    ]
    let [single, surest, voted] = [0, 0, 0]
    for (let round = 0; round < 60; round++) {
      const text = random.pick(lines)
      const readings = Array.from({ length: 6 }, () => misread(text, 0.06, random))
      const sure = (reading: TextLine['words']) => reading.reduce((sum, word) => sum + word.confidence, 0)
      const best = [...readings].sort((a, b) => sure(b) - sure(a))[0]!
      const isRight = (reading: TextLine['words']) => (reading.map((word) => word.text).join(' ') === text ? 1 : 0)
      single += readings.reduce((sum, reading) => sum + isRight(reading), 0) / readings.length
      surest += isRight(best)
      voted += isRight(settle(readings))
    }
    expect(single / 60).toBeLessThan(0.6)
    expect(voted).toBeGreaterThan(surest)
    expect(voted / 60).toBeGreaterThan(0.9)
  })
})

describe('createTextTracks', () => {
  it('makes one caption of the lines of one text, followed as one track', () => {
    const receipt = ['Bakery Schmidt', 'Bread 3.20', 'Coffee 2.80', 'Total 6.00']
    const captions = follow([page(receipt), page(receipt, 0.35, 0.25), page(receipt, 0.2, 0.15)])
    expect(textsOf(captions)).toEqual([receipt.join('\n')])
    const [caption] = captions.values()
    expect(caption).toMatchObject({
      origin: 'read',
      track: 'text:1@0.00',
      evidence: { source: 'test', startSeconds: 0, endSeconds: 2, frames: [0, 30, 60] },
    })
  })

  it('joins the columns of a bill, and leaves two signs beside each other two', () => {
    const items = page(['Bread', 'Coffee', 'Total'], 0.2)
    const prices = page(['3.20', '2.80', '6.00'], 0.5)
    expect(
      textsOf(
        follow([
          [...items, ...prices],
          [...items, ...prices],
        ]),
      ),
    ).toEqual(['Bread 3.20\nCoffee 2.80\nTotal 6.00'])
    const signs = [...page(['Room 4.12', 'Dr. Miller'], 0.1), ...page(['Room 4.13', 'Dr. Berg'], 0.7)]
    expect(textsOf(follow([signs, signs]))).toEqual(['Room 4.12\nDr. Miller', 'Room 4.13\nDr. Berg'])
  })

  it('settles on the right words of noisy readings', () => {
    const random = createRandom(3)
    const truth = ['Dentist Dr. Miller', 'Tuesday 14 March 10:30']
    const frames = Array.from({ length: 8 }, () =>
      page(truth).map((clean) => {
        const words = misread(clean.text, 0.06, random)
        const confidence = words.reduce((sum, word) => sum + word.confidence, 0) / words.length
        return { ...clean, words, confidence, text: words.map((word) => word.text).join(' ') }
      }),
    )
    expect(frames.filter((lines) => lines.map((l) => l.text).join('\n') === truth.join('\n')).length).toBeLessThan(4)
    expect(textsOf(follow(frames, (i) => i * 0.7))).toEqual([truth.join('\n')])
  })

  it('does not merge two rooms seen apart', () => {
    const rooms = (number: string) => page(['Meeting room', number])
    const captions = follow([rooms('4.12'), rooms('4.12'), [], rooms('4.13'), rooms('4.13')], (i) => i * 4)
    expect(textsOf(captions)).toEqual(['Meeting room\n4.12', 'Meeting room\n4.13'])
    expect(
      textsOf(
        follow([[line('Room 4.12')], [line('Room 4.12')], [line('Room 4.13')], [line('Room 4.13')]], (i) => i * 5),
      ),
    ).toEqual(['Room 4.12', 'Room 4.13'])
  })

  it('goes on with a text that comes back after a gap', () => {
    const sign = [line('Platform 9 Kings Cross')]
    const captions = follow([sign, sign, [], [], [line('Platform 9 Kings Cross', 0.6, 0.6)]], (i) => i * 6)
    expect(captions.size).toBe(1)
    expect([...captions.values()][0]!.evidence).toMatchObject({ startSeconds: 0, endSeconds: 24, frames: [0, 30, 120] })
  })

  it('gathers the lines of a page that scrolls by, in order', () => {
    const lines = [
      'Shopping list',
      'two litres of milk',
      'rye bread',
      'green apples',
      'dish soap',
      'light bulbs',
      'birthday card',
    ]
    const frames = [0, 1, 2, 3, 4].map((from) => page(lines.slice(from, from + 3)))
    expect(textsOf(follow(frames, (i) => i * 0.8))).toEqual([lines.join('\n')])
    const backwards = [...frames].reverse()
    expect(textsOf(follow(backwards, (i) => i * 0.8))).toEqual([lines.join('\n')])
  })

  it('tells nothing of one or two characters, of a doubtful single reading, or of what was read once beside a text', () => {
    expect(follow([[line('ab')], [line('ab')], [line('ab')]]).size).toBe(0)
    expect(follow([[line('Bakery Schmidt', 0.3, 0.3, 0.7)]]).size).toBe(0)
    expect(textsOf(follow([[line('Bakery Schmidt', 0.3, 0.3, 0.95)]]))).toEqual(['Bakery Schmidt'])
    const sign = page(['Bakery Schmidt', 'open daily'])
    const smudged = [...sign, line('oilre', 0.3, 0.32, 0.7)]
    expect(textsOf(follow([sign, smudged, sign, sign, sign]))).toEqual(['Bakery Schmidt\nopen daily'])
  })

  it('names tracks by the second of first sight, so that a run from a later second does not repeat them', () => {
    const sign = [line('Platform 9 Kings Cross')]
    expect([...follow([sign], () => 34.5).keys()]).toEqual(['text:1@34.50'])
  })

  it('stays bounded over ten hours', () => {
    const tracks = createTextTracks({ source: 'test', maxTexts: 20 })
    const sign = line('Platform 9 Kings Cross')
    const random = createRandom(1)
    let last: Caption | undefined
    for (let i = 0; i < 5000; i++) {
      const other = Array.from({ length: 12 }, () => random.pick([...'abcdefghijklmnop'])).join('')
      const captions = tracks.add({ frame: i, seconds: i * 7, aspect, lines: [sign, line(other, 0.7, 0.7)] })
      last = captions.find((caption) => caption.text.startsWith('Platform'))
    }
    expect(last!.evidence).toMatchObject({ startSeconds: 0, endSeconds: 4999 * 7 })
    expect(last!.evidence.frames.length).toBeLessThanOrEqual(64)
    expect(last!.evidence.frames[0]).toBe(0)
    expect(last!.evidence.frames.at(-1)).toBe(4999)
  })
})
