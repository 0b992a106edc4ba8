import type { Caption, Memory, RetrievedMemory, SpeakPolicy, SpeakRequest, Speech } from '@perstream/spec'
import { describe, expect, it } from 'vitest'

/** What the contract of a speak policy is tested with. */
export interface SpeakPolicyContractOptions {
  /** Makes a policy that has not spoken yet. */
  readonly create: () => SpeakPolicy | Promise<SpeakPolicy>
  /** A moment at which a new policy speaks; undefined for one that never does. */
  readonly speaking: SpeakRequest | undefined
}

/**
 * Tests a `SpeakPolicy` against what its users rely on: silence is a value with a reason, what is said cites memories it was
 * given, and an ordinary stream is left in peace. Call it inside a test file.
 */
export function speakPolicyContract({ create, speaking }: SpeakPolicyContractOptions): void {
  describe('SpeakPolicy contract', () => {
    it('is silent, with a reason, when there is nothing in view or nothing in memory', async () => {
      for (const request of [requestAt(0, [], [plain]), requestAt(0, [caption('a table')], []), requestAt(0, [], [])])
        expectSilence(await (await create()).consider(request))
    })
    it('leaves an hour of ordinary moments in peace', async () => {
      const policy = await create()
      for (let second = 0; second < 3600; second += 5) {
        const text = ordinary[(second / 5) % ordinary.length]!
        expectSilence(await policy.consider(requestAt(second, [caption(text)], [plain])))
      }
    })
    it('rejects with the reason of its signal', async () => {
      const reason = new Error('changed my mind')
      const speech = (await create()).consider(requestAt(0, [caption('a table')], [plain]), {
        signal: AbortSignal.abort(reason),
      })
      await expect(speech).rejects.toBe(reason)
    })
    if (!speaking) return
    it('speaks in words, citing memories it was given', async () => {
      const speech = await (await create()).consider(speaking)
      expect(speech.kind).toBe('spoke')
      if (speech.kind !== 'spoke') return
      expect(speech.text.trim()).not.toBe('')
      expect(speech.citations.length).toBeGreaterThan(0)
      for (const { memoryId, text, evidence } of speech.citations) {
        const memory = speaking.memories.find((each) => each.memory.id === memoryId)?.memory
        expect({ text, evidence }).toEqual({ text: memory?.text, evidence: memory?.evidence })
      }
      expectProbability(speech)
    })
  })
}

function expectSilence(speech: Speech): void {
  expect(speech.kind).toBe('silent')
  if (speech.kind === 'silent') expect(speech.reason.trim()).not.toBe('')
  expectProbability(speech)
}

function expectProbability({ probability }: Speech): void {
  if (probability === undefined) return
  expect(probability).toBeGreaterThanOrEqual(0)
  expect(probability).toBeLessThanOrEqual(1)
}

const ordinary = [
  'a table',
  'EXIT',
  'a person and a chair',
  'Platform 4\nHamburg 9:42',
  'Olive oil 4.99',
  'a car',
  'PUSH',
]
const startedAt = 1_767_258_000_000

function requestAt(seconds: number, captions: readonly Caption[], memories: readonly Memory[]): SpeakRequest {
  return {
    moment: { keyframes: [] },
    captions,
    memories: memories.map(retrieved),
    seconds,
    now: startedAt + seconds * 1000,
  }
}

function caption(text: string): Caption {
  return {
    text,
    origin: 'read',
    confidence: 0.9,
    evidence: { source: 'day.mp4', startSeconds: 0, endSeconds: 1, frames: [0] },
  }
}

function retrieved(memory: Memory): RetrievedMemory {
  return { memory, score: 1, parts: { vector: 1, lexical: 0, graph: 0, time: 0 }, similarity: 0.5 }
}

const plain: Memory = {
  id: 'plain',
  text: 'The museum has a blue door.',
  origin: 'described',
  category: 'note',
  owner: 'me',
  confidence: 1,
  evidence: [],
  triplets: [],
  space: undefined,
  track: undefined,
  validFrom: undefined,
  validTo: undefined,
  learnedAt: startedAt - 86_400_000,
  updatedAt: startedAt - 86_400_000,
}
