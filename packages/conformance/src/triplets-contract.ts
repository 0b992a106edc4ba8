import type { TripletExtractor } from '@perstream/spec'
import { describe, expect, it } from 'vitest'

/** What {@link tripletExtractorContract} needs. */
export interface TripletExtractorContractOptions {
  readonly create: () => TripletExtractor | Promise<TripletExtractor>
}

/** Tests what every {@link TripletExtractor} keeps: three filled parts made of the text, nothing from nothing, aborts. */
export function tripletExtractorContract(name: string, { create }: TripletExtractorContractOptions): void {
  describe(`TripletExtractor: ${name}`, () => {
    it('finds who does what in a plain sentence', async () => {
      const [first] = await (await create()).extract('Anna opens the door.')
      expect(first?.subject).toMatch(/Anna/)
      expect(first?.predicate).toMatch(/open/)
      expect(first?.object).toMatch(/door/)
    })

    it('gives parts without blank ends, none of them empty, in words of the text', async () => {
      const text = 'Anna opens the door and Ben puts a red cup on the table. The keys are in the blue bowl.'
      const words = new Set(text.toLowerCase().match(/\p{L}+/gu))
      for (const triplet of await (await create()).extract(text))
        for (const part of Object.values(triplet)) {
          expect(part).not.toBe('')
          expect(part).toBe(part.trim())
          for (const word of part.toLowerCase().match(/\p{L}+/gu) ?? []) expect(words).toContain(word)
        }
    })

    it('makes nothing of nothing', async () => {
      const extractor = await create()
      for (const text of ['', '  ', '\n', '...']) expect(await extractor.extract(text)).toEqual([])
    })

    it('gives the same twice', async () => {
      const extractor = await create()
      const text = 'My dentist appointment is on Tuesday.'
      expect(await extractor.extract(text)).toEqual(await extractor.extract(text))
    })

    it("rejects with the signal's reason", async () => {
      const reason = new Error('stop')
      const extractor = await create()
      await expect(extractor.extract('Anna sings a song.', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    })
  })
}
