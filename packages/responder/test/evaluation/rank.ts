import type { Memory, RetrievedMemory } from '@perstream/spec'
import type { WorldMemory } from './world'

/** Turns the memories of a world, seen one after another, into stored ones. */
export function storeMemories(memories: readonly WorldMemory[]): Memory[] {
  return memories.map(({ id, text, origin }, index) => ({
    id,
    text,
    origin,
    category: 'note',
    owner: 'me',
    confidence: 0.9,
    triplets: [],
    space: undefined,
    track: undefined,
    validFrom: undefined,
    validTo: undefined,
    learnedAt: index,
    updatedAt: index,
    evidence:
      origin === 'told'
        ? []
        : [{ source: 'day.mp4', startSeconds: index * 30, endSeconds: index * 30 + 4, frames: [index * 450] }],
  }))
}

/** Ranks memories by the words they share with a question, rare words counting more; all are returned. */
export function rankMemories(question: string, memories: readonly Memory[]): RetrievedMemory[] {
  const bags = memories.map((memory) => new Set(stems(memory.text)))
  const query = [...new Set(stems(question))]
  const scores = bags.map((bag) =>
    query
      .filter((stem) => bag.has(stem))
      .reduce((sum, stem) => sum + Math.log(1 + bags.length / bags.filter((each) => each.has(stem)).length), 0),
  )
  return memories
    .map((memory, index) => ({
      memory,
      score: scores[index]!,
      similarity: undefined,
      parts: { vector: 0, lexical: scores[index]!, graph: 0, time: 0 },
    }))
    .sort((a, b) => b.score - a.score)
}

function stems(text: string): string[] {
  return (
    text
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.map((word) => word.replace(/(?:ing|ed|s)$/, '')) ?? []
  )
}
