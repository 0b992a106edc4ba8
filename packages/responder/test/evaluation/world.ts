import type { MemoryOrigin } from '@perstream/spec'

/** A memory of an evaluation world. */
export interface WorldMemory {
  readonly id: string
  readonly text: string
  readonly origin: MemoryOrigin
}

/** A question, with what the answer must and must not hold; `from` is the memory to cite, undefined: not seen. */
export interface WorldQuestion {
  readonly ask: string
  readonly from: string | undefined
  readonly holds: readonly string[]
  /** Must not be in what is said before the first other memory is mentioned. */
  readonly lacks: readonly string[]
}

/** Memories and what is asked about them. */
export interface World {
  readonly memories: readonly WorldMemory[]
  readonly questions: readonly WorldQuestion[]
}

/** Writes a memory read from lines that are separated by " / ". */
export function read(id: string, lines: string): WorldMemory {
  return { id, text: lines.split(' / ').join('\n'), origin: 'read' }
}

/** Writes a memory of another origin. */
export function note(id: string, origin: MemoryOrigin, text: string): WorldMemory {
  return { id, text, origin }
}

/** Writes a question whose answer is known. */
export function known(
  ask: string,
  from: string,
  holds: readonly string[],
  lacks: readonly string[] = [],
): WorldQuestion {
  return { ask, from, holds, lacks }
}

/** Writes a question that no memory of the world answers. */
export function unknown(ask: string): WorldQuestion {
  return { ask, from: undefined, holds: [], lacks: [] }
}
