import { withoutThinking } from './thinking'

/**
 * Finds JSON in what a model wrote, and what is nearly JSON: within prose or fences, after its thinking, with single quotes, Python's
 * True, False and None, trailing commas, or cut off (what is whole of it is kept). Lists and objects come in the order in which they stand,
 * outermost first, those that are empty last: the one that has the form asked for is the caller's to find. At most 20 places are tried.
 */
export function* findJson(reply: string): Generator<object, void, void> {
  const empty: object[] = []
  for (const value of candidates(withoutThinking(reply))) {
    if (Object.keys(value).length > 0) yield value
    else empty.push(value)
  }
  yield* empty
}

function* candidates(text: string): Generator<object, void, void> {
  const whole = parse(text)
  if (typeof whole === 'object' && whole !== null) {
    yield whole
    return
  }
  let at = nextStart(text, 0)
  for (let tries = 0; at >= 0 && tries < 20; tries++) {
    const reader = new LooseReader(text, at)
    const value = reader.readValue()
    if (typeof value === 'object' && value !== null) yield value
    at = nextStart(text, typeof value === 'object' ? reader.at : at + 1)
  }
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
  const [list, object] = [text.indexOf('[', from), text.indexOf('{', from)]
  return list < 0 || object < 0 ? Math.max(list, object) : Math.min(list, object)
}

const nothing = Symbol('nothing')
const deepest = 32
const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['none', null],
])

/**
 * Reads one value from a place in a text. What is cut off or broken is left out of the list or object it stands in; of which nothing else is
 * left, that is nothing too, so that an empty list was written as one.
 */
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

  #readItems(): unknown {
    const items: unknown[] = []
    for (;;) {
      const end = this.#closes(']')
      if (end === 'closed') return items
      const before = this.at
      const value = end === 'cut' ? nothing : this.readValue()
      if (value !== nothing) items.push(value)
      else if (this.at === before || this.at >= this.#text.length) break
      else if (items.length === 0) return nothing
    }
    return items.length > 0 ? items : nothing
  }

  #readMembers(): unknown {
    const members: Record<string, unknown> = {}
    for (;;) {
      const end = this.#closes('}')
      if (end === 'closed') return members
      const quote = this.#text[this.at]
      const key = quote === '"' || quote === "'" ? this.#readString(quote) : this.#match(/[\w$-]+/y)
      this.#skip()
      if (typeof key !== 'string' || this.#text[this.at] !== ':') break
      this.at++
      const value = this.readValue()
      if (value === nothing) break
      if (key !== '__proto__') members[key] = value
    }
    return Object.keys(members).length > 0 ? members : nothing
  }

  /** Passes commas and white space, and the closing mark. */
  #closes(mark: ']' | '}'): 'closed' | 'cut' | 'open' {
    this.#match(/[\s,]*/y)
    if (this.at >= this.#text.length) return 'cut'
    if (this.#text[this.at] !== mark) return 'open'
    this.at++
    return 'closed'
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
