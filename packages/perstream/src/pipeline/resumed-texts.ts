import type { CallOptions, Caption, Memory, MemoryRetriever } from '@perstream/spec'

/** What a caption goes on from: a memory that the run before this one stored of the same thing. */
export type ContinuedMemory = Pick<Memory, 'text' | 'category' | 'track'>

/** Knows again what was in view where the run before this one ended. */
export interface ResumedTexts {
  /** The memory that a caption goes on from, or undefined: it is new. */
  find(caption: Caption, options: CallOptions): Promise<ContinuedMemory | undefined>
}

/** Seconds before and after the place where a run goes on in which a text can be the one seen on the other side. */
const near = 10
/** How much of the shorter of two readings, in pairs of letters and in figures, the longer must hold. */
const agreement = 0.8

/**
 * A text in view where a run was cut short is read by two runs, not always in the same words, and under two tracks. Its
 * second track is brought back to the memory of the first, so that it is one memory as in a run in one go.
 * @param resumedAt the second after which this run goes on, or undefined when it is the first of its source
 */
export function createResumedTexts(
  memory: MemoryRetriever,
  { source, resumedAt }: { source: string; resumedAt: number | undefined },
): ResumedTexts {
  const known = new Map<string, ContinuedMemory | undefined>()
  const search = async ({ text }: Caption, { signal }: CallOptions, after: number) => {
    const found = await memory.retrieve({ text, source, limit: 20, touch: false }, { signal })
    const wasInView = ({ evidence }: Memory) =>
      evidence.some((item) => item.source === source && item.endSeconds >= after - near)
    return found.map((item) => item.memory).find((item) => wasInView(item) && isSameText(item.text, text))
  }
  return {
    async find(caption, options) {
      const { track, evidence } = caption
      if (resumedAt === undefined || track === undefined || evidence.startSeconds > resumedAt + near) return undefined
      if (!known.has(track)) known.set(track, await search(caption, options, resumedAt))
      const before = known.get(track)
      if (!before || before.text.length >= caption.text.length) return before
      // The fuller reading counts from here on.
      known.set(track, { ...before, text: caption.text })
      return { ...before, text: caption.text }
    },
  }
}

/** Says whether two readings are of one text: nearly the same letters, and the same figures. */
export function isSameText(a: string, b: string): boolean {
  return shared(letterPairs(a), letterPairs(b)) >= agreement && shared(figures(a), figures(b)) >= agreement
}

function letterPairs(text: string): Set<string> {
  const letters = text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
  return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2)))
}

function figures(text: string): Set<string> {
  return new Set(text.match(/\p{N}+/gu))
}

/** Which part of the smaller set the larger one holds; all of an empty one. */
function shared(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a]
  return small.size === 0 ? 1 : [...small].filter((item) => large.has(item)).length / small.size
}
