import type { Caption, Memory, RetrievedMemory, SpeakRequest } from '@perstream/spec'

/** A morning in local time, so that days come out alike everywhere. */
export const morning = new Date(2026, 9, 13, 9, 0).getTime()

/** A memory of the day before, with what a test cares about set. */
export function memoryOf(fields: Partial<Memory> & Pick<Memory, 'text'>): Memory {
  const { text, origin = 'read' } = fields
  return {
    id: text,
    origin,
    category: 'note',
    owner: 'me',
    confidence: 0.9,
    triplets: [],
    space: undefined,
    track: undefined,
    evidence: origin === 'told' ? [] : [{ source: 'day.mp4', startSeconds: 12, endSeconds: 15, frames: [180] }],
    validFrom: undefined,
    validTo: undefined,
    learnedAt: morning - 86_400_000,
    updatedAt: morning - 86_400_000,
    ...fields,
  }
}

/** A caption that was read. */
export function captionOf(text: string, confidence = 0.9): Caption {
  return {
    text,
    confidence,
    origin: 'read',
    evidence: { source: 'day.mp4', startSeconds: 60, endSeconds: 61, frames: [900] },
  }
}

/** Memories as a retriever gives them. */
export function retrieved(memories: readonly Memory[]): RetrievedMemory[] {
  return memories.map((memory) => ({
    memory,
    score: 1,
    parts: { vector: 0, lexical: 1, graph: 0, time: 0 },
    similarity: undefined,
  }))
}

/** A moment, some minutes after the morning began. */
export function momentOf(captions: readonly Caption[], memories: readonly Memory[], minutes = 0): SpeakRequest {
  return {
    moment: { keyframes: [] },
    captions,
    memories: retrieved(memories),
    seconds: minutes * 60,
    now: morning + minutes * 60_000,
  }
}
