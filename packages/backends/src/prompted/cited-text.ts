import type { AnswerPart, Memory } from '@perstream/spec'
import { citationOf } from './context'

/** "[2]", "[1, 3]": numbers of memories. */
const citation = /\s*\[\s*(\d{1,3}(?:\s*,\s*\d{1,3})*)\s*\]/
/** White space and an unfinished citation at the end. */
const openEnd = /\s*(?:\[[\d\s,]{0,24})?$/

/**
 * Reads an answer that cites numbered memories as it comes: held back until its first citation, each memory cited
 * once.
 */
export class CitedText {
  readonly #memories: readonly Memory[]
  readonly #citedNumbers = new Set<number>()
  #held = ''
  #unread = ''

  constructor(memories: readonly Memory[]) {
    this.#memories = memories
  }

  /** Whether a memory was cited. */
  get cited(): boolean {
    return this.#citedNumbers.size > 0
  }

  /** What is held back: all of an answer that cites nothing. */
  get text(): string {
    return this.#held.trim()
  }

  /** Whether what is held back says that nothing was seen. */
  get notSeen(): boolean {
    return this.text === '' || /\bNOT[\s_-]SEEN\b/i.test(this.text)
  }

  *add(piece: string): Generator<AnswerPart, void, void> {
    this.#unread += piece
    for (let match = citation.exec(this.#unread); match; match = citation.exec(this.#unread)) {
      this.#held += this.#unread.slice(0, match.index)
      this.#unread = this.#unread.slice(match.index + match[0].length)
      for (const number of match[1]!.split(',')) yield* this.#cite(Number(number))
    }
    const certain = this.#unread.length - openEnd.exec(this.#unread)![0].length
    this.#held += this.#unread.slice(0, certain)
    this.#unread = this.#unread.slice(certain)
    if (this.cited) yield* this.#release()
  }

  /** The rest, when nothing follows. */
  *end(): Generator<AnswerPart, void, void> {
    this.#held += this.#unread.trimEnd()
    this.#unread = ''
    if (this.cited) yield* this.#release()
  }

  *#cite(number: number): Generator<AnswerPart, void, void> {
    const memory = this.#memories[number - 1]
    if (!memory || this.#citedNumbers.has(number)) return
    this.#citedNumbers.add(number)
    yield* this.#release()
    yield { kind: 'citation', citation: citationOf(memory) }
  }

  *#release(): Generator<AnswerPart, void, void> {
    const text = this.#held
    this.#held = ''
    if (text !== '') yield { kind: 'text', text }
  }
}
