import { withoutThinking } from './thinking'

/**
 * Finds JSON in what a model wrote, and what is nearly JSON: within prose or fences, after its thinking, with single quotes, Python's
 * True, False and None, trailing commas, or cut off (what is whole of it is kept). The values come in the order in which they stand,
 * outermost first, at most 20: the one that has the form asked for is the caller's to find.
 */
export function* findJson(reply: string): Generator<unknown, void, void> {
  const text = withoutThinking(reply)
  yield* wholeSpans(text)
  let tries = 0
  for (let at = nextStart(text, 0); at >= 0 && tries < 20; at = nextStart(text, at + 1), tries++) {
    const reader = new LooseReader(text, at)
    const value = reader.readValue()
    if (value === nothing) continue
    yield value
    at = Math.max(at, reader.at - 1)
  }
}

/** The plain cases: the whole text, the first "[" to the last "]", the first "{" to the last "}". */
function* wholeSpans(text: string): Generator<unknown, void, void> {
  const spans = [text, span(text, '[', ']'), span(text, '{', '}')]
  const starts = spans.map((each) => (each === '' ? Number.POSITIVE_INFINITY : text.indexOf(each)))
  const [whole, first, second] = starts[1]! <= starts[2]! ? spans : [spans[0]!, spans[2]!, spans[1]!]
  for (const each of [whole!, first!, second!]) {
    const value = parse(each)
    if (typeof value === 'object' && value !== null) yield value
  }
}

function span(text: string, open: string, close: string): string {
  const [from, to] = [text.indexOf(open), text.lastIndexOf(close)]
  return from >= 0 && to > from ? text.slice(from, to + 1) : ''
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function nextStart(text: string, from: number): number {
  const found = text.slice(from).search(/[[{]/)
  return found < 0 ? -1 : from + found
}

const nothing = Symbol('nothing')
const deepest = 32
const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['none', null],
])

/** Reads one value from a place in a text. What is cut off or broken is left out of the list or object it stands in. */
class LooseReader {
  at: number
  readonly #text: string
  #depth = 0

  constructor(text: string, at: number) {
    this.#text = text
    this.at = at
  }

  readValue(): unknown {
    this.#skip()
    const next = this.#text[this.at]
    if (next === '[' || next === '{') return this.#readNested(next)
    if (next === '"' || next === "'") return this.#readString(next)
    return this.#readWord()
  }

  #readNested(open: '[' | '{'): unknown {
    if (this.#depth >= deepest) return nothing
    this.#depth++
    this.at++
    const value = open === '[' ? this.#readItems() : this.#readMembers()
    this.#depth--
    return value
  }

  #readItems(): unknown[] {
    const items: unknown[] = []
    while (!this.#closes(']')) {
      const before = this.at
      const value = this.readValue()
      if (value === nothing) {
        if (this.at === before || this.at >= this.#text.length) break
      } else items.push(value)
    }
    return items
  }

  #readMembers(): Record<string, unknown> {
    const members: Record<string, unknown> = {}
    while (!this.#closes('}')) {
      const quote = this.#text[this.at]
      const key = quote === '"' || quote === "'" ? this.#readString(quote) : this.#match(/[\w$-]+/y)
      this.#skip()
      if (typeof key !== 'string' || this.#text[this.at] !== ':') break
      this.at++
      const value = this.readValue()
      if (value === nothing) break
      if (key !== '__proto__') members[key] = value
    }
    return members
  }

  /** Passes commas and white space; true at the closing mark, which is passed too, and at the end of the text. */
  #closes(mark: ']' | '}'): boolean {
    this.#match(/[\s,]*/y)
    if (this.at >= this.#text.length) return true
    if (this.#text[this.at] !== mark) return false
    this.at++
    return true
  }

  #readString(quote: string): unknown {
    let value = ''
    for (let i = this.at + 1; i < this.#text.length; i++) {
      const character = this.#text[i]!
      if (character === quote) {
        this.at = i + 1
        return value
      }
      if (character !== '\\') value += character
      else {
        const [read, length] = readEscape(this.#text, i + 1)
        value += read
        i += length
      }
    }
    this.at = this.#text.length
    return nothing
  }

  #readWord(): unknown {
    const number = this.#match(/-?\d+(\.\d+)?([eE][+-]?\d+)?(?=[\s,\]}])/y)
    if (number !== undefined) return Number(number)
    const word = this.#match(/[A-Za-z]+/y)
    return word !== undefined && words.has(word.toLowerCase()) ? words.get(word.toLowerCase()) : nothing
  }

  #skip(): void {
    this.#match(/\s*/y)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)?.[0]
    if (found) this.at += found.length
    return found === '' ? undefined : found
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

/** What an escape stands for, and how many characters it takes after the backslash. */
function readEscape(text: string, at: number): [string, number] {
  const code = /^u([0-9a-fA-F]{4})/.exec(text.slice(at, at + 5))
  if (code) return [String.fromCharCode(Number.parseInt(code[1]!, 16)), 5]
  const character = text[at] ?? ''
  return [escapes[character] ?? character, 1]
}
