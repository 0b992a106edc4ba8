import type { Citation, Memory, RetrievedMemory } from '@perstream/spec'

/** A context with the memories that it holds, whole or cut. */
export interface MemoryContext {
  readonly text: string
  /** Number i + 1 in the text is memory i. */
  readonly memories: readonly Memory[]
}

/**
 * Writes memories as numbered lines, best first, as the prototype shows them. A context of more than `limit`
 * characters (code points, the header counts) is cut there and ends in "...". (BEHAVIOUR 8.2, vectors G1, G2)
 */
export function memoryContext(memories: readonly RetrievedMemory[], limit: number): MemoryContext {
  const header = 'Memories:\n'
  const shown: Memory[] = []
  let text = header
  let length = header.length
  for (const { memory } of memories) {
    const words = memory.text.trim().replace(/\s*\n\s*/g, ' / ')
    if (words === '') continue
    const line = Array.from(`${shown.length + 1}. ${words}\n`)
    const number = String(shown.length + 1).length + 2
    if (length + number >= limit) return { text: `${text.trimEnd()}\n...`, memories: shown }
    shown.push(memory)
    if (length + line.length > limit) {
      return { text: `${text}${line.slice(0, limit - length).join('')}...`, memories: shown }
    }
    text += line.join('')
    length += line.length
  }
  return { text, memories: shown }
}

/** Makes the citation of a memory: all its words, all its evidence. */
export function citationOf({ id, text, evidence }: Memory): Citation {
  return { memoryId: id, text, evidence }
}
