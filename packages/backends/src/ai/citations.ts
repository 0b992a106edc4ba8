/** A piece of a cited text: words, or the number of what is cited. */
export type CitedPiece =
  | { readonly kind: 'not-seen' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly number: number }

/** The word by which a model says that there is no answer. */
export const notSeenWord = 'NOT_SEEN'

/**
 * Splits text that comes in pieces into words and citations: [1], [1, 3], [2-4], [memory 2] and 【1】. Holds back only what may still become
 * one, or {@link notSeenWord}, of which it tells once it is whole.
 */
export class CitationReader {
  #held = ''

  /** Takes a piece, gives what is certain. */
  read(piece: string): CitedPiece[] {
    this.#held += piece
    const open = openEnd.exec(this.#held)?.index ?? this.#held.length
    return this.#take(open)
  }

  /** Gives what was held back: the text is over. */
  end(): CitedPiece[] {
    return this.#take(this.#held.length)
  }

  #take(length: number): CitedPiece[] {
    const text = this.#held.slice(0, length)
    this.#held = this.#held.slice(length)
    const pieces: CitedPiece[] = []
    let at = 0
    for (const match of text.matchAll(citation)) {
      pieces.push({ kind: 'text', text: text.slice(at, match.index) })
      at = match.index + match[0].length
      if (match[1] === undefined) pieces.push({ kind: 'not-seen' })
      else pieces.push(...readNumbers(match[1]))
    }
    pieces.push({ kind: 'text', text: text.slice(at) })
    return pieces.filter((each) => each.kind !== 'text' || each.text !== '')
  }
}

const citation = /\s*[[【]\s*(?:memor(?:y|ies)\s*)?#?(\d{1,4}(?:\s*[,;&–-]\s*#?\d{1,4}){0,20})\s*[\]】]|NOT_SEEN/gi

/** White space and an unfinished citation at the end, or the word or the beginning of it. */
const openEnd = /\s*(?:[[【][\sa-z\d,;&#–-]{0,60}|N(?:O(?:T(?:_(?:S(?:E(?:EN?)?)?)?)?)?)?)?$/i

function readNumbers(list: string): CitedPiece[] {
  const numbers: CitedPiece[] = []
  for (const range of list.split(/\s*[,;&]\s*/)) {
    const [from, to] = range.split(/\s*[–-]\s*/).map((text) => Number(text.replace('#', '')))
    const last = Math.min(to ?? from!, from! + 20)
    for (let number = from!; number <= last; number++) numbers.push({ kind: 'number', number })
  }
  return numbers
}
