import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTextStream } from './text-stream'

/** All bytes at once: the definition of what a stream gives. */
function atOnce(text: string, stops: readonly string[]): string {
  const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  return ends.length > 0 ? text.slice(0, Math.min(...ends)) : text
}

describe('createTextStream', () => {
  it('gives whole characters only', () => {
    const stream = createTextStream()
    const bytes = new TextEncoder().encode('é😀!')
    expect(Array.from(bytes, (byte) => stream.push(Uint8Array.of(byte)))).toEqual(['', 'é', '', '', '', '😀', '!'])
    expect(stream.end()).toBe('')
  })

  it('marks bytes that are no text, and a character that never ended', () => {
    const stream = createTextStream()
    expect(stream.push(Uint8Array.of(0xff, 0x41))).toBe('\ufffdA')
    expect(stream.push(Uint8Array.of(0xe2, 0x82))).toBe('')
    expect(stream.end()).toBe('\ufffd')
  })

  it('never leaks a part of a stop string, and gives back what was none', () => {
    const stream = createTextStream(['</end>'])
    const push = (text: string) => stream.push(new TextEncoder().encode(text))
    expect([push('a</'), push('en'), push('d b</e'), push('nd> c'), push('d')]).toEqual(['a', '', '</end b', '', ''])
    expect(stream.stopped).toBe(true)
    expect(stream.end()).toBe('')
  })

  it('gives what all bytes at once give, however they are cut (property)', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', 'é', '😀'), { maxLength: 24 }).map((list) => list.join(''))
    const stop = fc.array(fc.constantFrom('a', 'b', 'é'), { minLength: 1, maxLength: 3 }).map((list) => list.join(''))
    fc.assert(
      fc.property(letters, fc.array(stop, { maxLength: 1 }), fc.array(fc.nat(5)), (text, stops, cuts) => {
        const stream = createTextStream(stops)
        const bytes = new TextEncoder().encode(text)
        let written = ''
        let from = 0
        for (const cut of [...cuts, bytes.length]) {
          written += stream.push(bytes.subarray(from, from + cut))
          from += cut
        }
        expect(written + stream.end()).toBe(atOnce(text, stops))
      }),
    )
  })
})
