import type { Reranker } from '@perstream/spec'
import { describe, expect, it } from 'vitest'

/** What a {@link rerankerContract} is told about the reranker. */
export interface RerankerContractOptions {
  /** Question, a text that answers it, and one that does not: the first must get the higher score. Default: none, which tells nothing of sense. */
  readonly triples?: readonly (readonly [string, string, string])[]
  /** How far a score may differ when its text is read alone. Default 1e-3. */
  readonly batchTolerance?: number
}

/**
 * Tests a `Reranker` against what its users rely on: one finite score a text, in input order, that depends on no other text of the
 * call; blank and very long texts; aborts. Call it inside a test file.
 */
export function rerankerContract(
  create: () => Reranker | Promise<Reranker>,
  { triples = [], batchTolerance = 1e-3 }: RerankerContractOptions = {},
): void {
  describe('Reranker contract', () => {
    it('gives each text a finite score, in input order, whatever else is read', async () => {
      const reranker = await create()
      const together = await reranker.score(question, texts)
      expect(together).toBeInstanceOf(Float32Array)
      expect(together).toHaveLength(texts.length)
      for (const [i, text] of texts.entries()) {
        const [alone] = await reranker.score(question, [text])
        expect(Number.isFinite(alone)).toBe(true)
        expect(Math.abs(together[i]! - alone!), text.slice(0, 40)).toBeLessThanOrEqual(batchTolerance)
      }
    })

    it('gives nothing for no texts, and takes a hundred', async () => {
      const reranker = await create()
      expect(await reranker.score(question, [])).toHaveLength(0)
      const many = Array.from({ length: 100 }, (_, i) => `Sentence number ${i} of the call.`)
      expect(await reranker.score(question, many)).toHaveLength(100)
    })

    it('takes a question that is blank or very long', async () => {
      const reranker = await create()
      for (const asked of ['', 'And then what was it? '.repeat(200)]) {
        const [score] = await reranker.score(asked, ['A red door.'])
        expect(Number.isFinite(score)).toBe(true)
      }
    })

    it('rejects with the reason of an aborted signal', async () => {
      const reason = new Error('stopped by the test')
      const reranker = await create()
      await expect(reranker.score(question, texts, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    })

    it('serves calls made at the same time', async () => {
      const reranker = await create()
      const results = await Promise.all(texts.map((text) => reranker.score(question, [text])))
      for (const [i, text] of texts.entries()) {
        const [alone] = await reranker.score(question, [text])
        expect(Math.abs(results[i]![0]! - alone!)).toBeLessThanOrEqual(1e-6)
      }
    })

    for (const [asked, right, wrong] of triples) {
      it(`scores "${right}" above "${wrong}" for "${asked}"`, async () => {
        const [a, b] = await (await create()).score(asked, [right, wrong])
        expect(a).toBeGreaterThan(b!)
      })
    }
  })
}

const question = 'Where are my keys?'
const texts = [
  'My keys are in the bowl.',
  'ROOM 4.12',
  'Où est la gare ?',
  '🙂 smile',
  '',
  ' \n\t',
  'The quick brown fox jumps over the lazy dog. '.repeat(200),
]
