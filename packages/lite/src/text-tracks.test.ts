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

  it('keeps a blank that most readings overlooked', () => {
    const parted = words('Wi-Fi password', 0.95)
    const glued = words('Wi-Fipassword', 0.95)
    expect(settled(parted, glued, glued, parted, glued)).toBe('Wi-Fi password')
    expect(settled(parted, glued, glued, glued)).toBe('Wi-Fipassword')
  })

  it('drops what one doubtful reading saw beside the line, however long it is', () => {
    const smudged = [...words('80X 23', 0.7), ...words('BOX 22', 0.97)]
    expect(settled(smudged, words('BOX 22', 0.99), words('BOX 22', 0.99))).toBe('BOX 22')
  })

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

  it('goes on with a text whose words were glued or doubtful in other places before', () => {
    const board = line('Ask Lena about the budget')
    const doubtful = { ...board, words: board.words.map((word, i) => (i === 2 ? { ...word, confidence: 0.7 } : word)) }
    const glued = line('Ask Lena about thebudget')
    expect(follow([[doubtful], [doubtful], [glued], [glued]], (i) => i * 4).size).toBe(1)
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

  it('takes a text that is half out of view for a part of the one read next to it', () => {
    const far = [line('PAOKNG', 0.11, 0.29, 0.62), line('LEVEL 7', 0.11, 0.34, 0.87), line('nOWK', 0.12, 0.4, 0.78)]
    const cut = [line('KING', 0, 0.27, 0.96), line('EL 7', 0, 0.34, 0.99)]
    const sign = page(['PARKING', 'LEVEL 7', 'ROW K'])
    expect(textsOf(follow([far, cut, sign, sign]))).toEqual(['PARKING\nLEVEL 7\nROW K'])
    expect(textsOf(follow([cut, sign, sign]))).toEqual(['PARKING\nLEVEL 7\nROW K'])
    expect(textsOf(follow([sign, sign, cut]))).toEqual(['PARKING\nLEVEL 7\nROW K'])
    expect(textsOf(follow([[line('EL 8 NORTH', 0, 0.3)], sign, sign]))).toEqual(['PARKING\nLEVEL 7\nROW K'])
  })

  it('tells what is only seen half out of view when it was read often', () => {
    const cut = [line('KING SIZE BEDS', 0, 0.27)]
    expect(follow([cut, cut]).size).toBe(0)
    expect(textsOf(follow([cut, cut, cut]))).toEqual(['KING SIZE BEDS'])
  })

  it('does not tell the few sure lines of a text that is still too far away', () => {
    const far = [
      line('Project Aurora', 0.3, 0.3, 0.92),
      ...page(['Lch d y', 'Demo fr h b f', 'Gues F'], 0.3, 0.36, 0.7),
    ]
    expect(follow([far]).size).toBe(0)
  })

  it('takes misread and partial lines for the lines in whose places they stand', () => {
    const whole = ['Project Aurora', 'Launch date: 20 July', 'Guest Wi-Fi password: copper 61', 'Ask Lena']
    const far = [line('Project Aurora', 0.3, 0.2, 0.92), ...page(['Lch dt y', 'Gus wF', 'Agk Len'], 0.3, 0.26, 0.7)]
    expect(textsOf(follow([far, page(whole), page(whole)]))).toEqual([whole.join('\n')])
    expect(textsOf(follow([page(whole), far, page(whole)]))).toEqual([whole.join('\n')])
  })

  it('drops a figure that two pieces of a line both hold', () => {
    const entry = [line('MON 23 8', 0.3), line('8:30 Choir', 0.375), line('TUE 24', 0.3, 0.36)]
    expect(textsOf(follow([entry, entry]))).toEqual(['MON 23 8:30 Choir\nTUE 24'])
    const apart = [line('LEVEL 8', 0.3), line('8 cars', 0.4), line('ROW K', 0.3, 0.36)]
    expect(textsOf(follow([apart, apart]))).toEqual(['LEVEL 8 8 cars\nROW K'])
  })

  it('drops a line that is not read again where the lines around it are', () => {
    const bill = page(['OLD MILL', 'Scone 4.00', 'TOTAL 4.00'])
    const far = [...page(['OLD MILL']), line('Xzqee', 0.3, 0.26), line('TOTAL 4.00', 0.3, 0.32)]
    expect(textsOf(follow([far, bill]))).toEqual(['OLD MILL\nScone 4.00\nTOTAL 4.00'])
    const hidden = [...page(['OLD MILL']), line('TOTAL 4.00', 0.3, 0.32)]
    expect(textsOf(follow([bill, bill, hidden, hidden]))).toEqual(['OLD MILL\nScone 4.00\nTOTAL 4.00'])
  })

  it('leaves out the pieces of a line that came in two', () => {
    const bill = page(['OLD MILL', 'Rye bread 4.20', 'Paid by card'])
    const split = [...page(['OLD MILL', 'Rye bread 4.20', 'Paid by']), line('card', 0.36, 0.34)]
    const piece = [...page(['OLD MILL']), line('4.20', 0.4, 0.26), line('Paid by card', 0.3, 0.32)]
    expect(textsOf(follow([bill, split, split]))).toEqual(['OLD MILL\nRye bread 4.20\nPaid by card'])
    expect(textsOf(follow([piece, bill, bill]))).toEqual(['OLD MILL\nRye bread 4.20\nPaid by card'])
  })

  it('reads a heading that stands apart on a badge with the badge, and labels of a shelf apart', () => {
    const centred = (text: string, top: number) => line(text, 0.5 - (text.length * 0.01) / aspect, top)
    const badge = [centred('Quarry Systems', 0.3), centred('Daniel Weber', 0.5), centred('Badge 83848', 0.56)]
    expect(textsOf(follow([badge, badge]))).toEqual(['Quarry Systems\nDaniel Weber\nBadge 83848'])
    const shelf = [
      ...[centred('BOX 13', 0.2), centred('Garden seeds', 0.26)],
      ...[centred('BOX 12', 0.5), centred('Board games', 0.56)],
    ]
    expect(textsOf(follow([shelf, shelf]))).toEqual(['BOX 13\nGarden seeds', 'BOX 12\nBoard games'])
    const beside = [line('EXIT NORTH', 0.1, 0.3), ...page(['Room 4.12', 'Dr. Miller'], 0.5, 0.5)]
    expect(textsOf(follow([beside, beside]))).toEqual(['EXIT NORTH', 'Room 4.12\nDr. Miller'])
  })

  it('does not join a line of another text because it holds a fragment', () => {
    const sign = [line('ROOM 107'), line('Miriam Castillo', 0.3, 0.36), line('en Ce', 0.3, 0.42, 0.6)]
    const label = page(['BOX 12', 'Garden seeds'])
    const captions = follow([sign, sign, [], label, label], (i) => i * 4)
    expect(textsOf(captions)).toContain('BOX 12\nGarden seeds')
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
