import { PerStreamError } from '@perstream/spec'

/** A name that a pickle asks for: never looked up, only compared with the few that are known. */
export interface PickleGlobal {
  readonly global: string
}

/** What the reader of a pickle does with what is not plain data. */
export interface PickleHooks {
  /** Called for each name; throws for one that is not known. */
  readonly allow: (global: string) => void
  /** Makes the value of a call. */
  readonly call: (global: string, values: readonly unknown[]) => unknown
  /** Makes the value of a persistent id. */
  readonly persistent: (id: unknown) => unknown
}

/** What a pickle holds, and where it ended. */
export interface Unpickled {
  readonly value: unknown
  readonly end: number
}

const latin1 = new TextDecoder('latin1')
const utf8 = new TextDecoder('utf-8')
const longestNumber = 64
const longestName = 200
/** Lists, dictionaries, kept values: so many are beyond any checkpoint, and far below what memory holds. */
const mostObjects = 2_000_000

/**
 * Reads a Python pickle as data. Dictionaries become maps, lists and tuples arrays, numbers beyond 2^53 bigints. Nothing is
 * executed or looked up: names are only handed to `hooks`. Attributes set on a dictionary are left out.
 * @throws PerStreamError `model-invalid` for what is no pickle, and for what plain data do not need
 */
export function unpickle(bytes: Uint8Array, hooks: PickleHooks, start = 0): Unpickled {
  return new Unpickler(bytes, hooks, start).run()
}

/** Makes the error for a pickle that cannot be read. */
export function invalidPickle(problem: string, fields: Record<string, unknown> = {}): PerStreamError {
  return new PerStreamError('model-invalid', `The pickle cannot be read as data: ${problem}`, { fields })
}

class Unpickler {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #hooks: PickleHooks
  readonly #memo = new Map<number, unknown>()
  readonly #marks: unknown[][] = []
  #stack: unknown[] = []
  #objects = 0
  #at: number

  constructor(bytes: Uint8Array, hooks: PickleHooks, start: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#hooks = hooks
    this.#at = start
  }

  run(): Unpickled {
    for (;;) {
      const at = this.#at
      const code = this.#byte()
      if (code === 0x2e) return { value: this.#pop(), end: this.#at }
      const step = steps[code]
      if (!step) throw invalidPickle(`byte ${at} holds the operation 0x${code.toString(16)}, which weights do not need`)
      step(this)
    }
  }

  /** Takes so many bytes of the input. */
  take(length: number): number {
    if (length > this.#bytes.length - this.#at) throw invalidPickle(`it ends after byte ${this.#bytes.length}`)
    this.#at += length
    return this.#at - length
  }

  #byte(): number {
    return this.#bytes[this.take(1)]!
  }

  uint(size: 1 | 2 | 4 | 8): number {
    const at = this.take(size)
    if (size === 1) return this.#view.getUint8(at)
    if (size === 2) return this.#view.getUint16(at, true)
    return size === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true))
  }

  int32(): number {
    return this.#view.getInt32(this.take(4), true)
  }

  float(): number {
    return this.#view.getFloat64(this.take(8))
  }

  /** A whole number of any length, two's complement, little-endian. */
  long(length: number): number | bigint {
    if (length > longestNumber) throw invalidPickle(`it holds a number of ${length} bytes`)
    const at = this.take(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]!)
    value = BigInt.asIntN(length * 8, value)
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }

  text(length: number): string {
    const at = this.take(length)
    return utf8.decode(this.#bytes.subarray(at, at + length))
  }

  /** Bytes, as Python 2 wrote text. */
  oldText(length: number): string {
    const at = this.take(length)
    return latin1.decode(this.#bytes.subarray(at, at + length))
  }

  raw(length: number): Uint8Array {
    const at = this.take(length)
    return this.#bytes.slice(at, at + length)
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at)
    if (end === -1) throw invalidPickle('a name does not end')
    return this.oldText(end + 1 - this.#at).slice(0, -1)
  }

  push(value: unknown): void {
    if (typeof value === 'object') this.#count()
    this.#stack.push(value)
  }

  #count(): void {
    if (++this.#objects > mostObjects) throw invalidPickle(`it holds more than ${mostObjects} lists and dictionaries`)
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw invalidPickle(`byte ${this.#at - 1} takes a value where there is none`)
    return this.#stack.pop()
  }

  top(): unknown {
    const value = this.#pop()
    this.#stack.push(value)
    return value
  }

  pops(count: number): unknown[] {
    return Array.from({ length: count }, () => this.#pop()).reverse()
  }

  mark(): void {
    this.#count()
    this.#marks.push(this.#stack)
    this.#stack = []
  }

  /** What lies above the last mark. */
  popMark(): unknown[] {
    const values = this.#stack
    const before = this.#marks.pop()
    if (!before) throw invalidPickle(`byte ${this.#at - 1} needs a mark where there is none`)
    this.#stack = before
    return values
  }

  remember(index = this.#memo.size): void {
    this.#count()
    this.#memo.set(index, this.top())
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw invalidPickle(`it recalls value ${index}, which it never kept`)
    this.#stack.push(this.#memo.get(index))
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw invalidPickle('a name is no text')
    const global = `${module}.${name}`.slice(0, longestName)
    this.#hooks.allow(global)
    this.push({ global } satisfies PickleGlobal)
  }

  reduce(): void {
    const [callee, values] = this.pops(2)
    if (!isGlobal(callee) || !Array.isArray(values)) throw invalidPickle('it calls what is no name')
    this.push(this.#hooks.call(callee.global, values))
  }

  persistent(): void {
    this.push(this.#hooks.persistent(this.#pop()))
  }

  build(): void {
    this.#pop()
    if (!(this.top() instanceof Map)) throw invalidPickle('it sets the state of something that is no dictionary')
  }

  append(values: readonly unknown[]): void {
    const list = this.top()
    if (!Array.isArray(list)) throw invalidPickle('it appends to what is no list')
    for (const value of values) list.push(value)
  }

  setItems(values: readonly unknown[]): void {
    const map = this.top()
    if (!(map instanceof Map) || values.length % 2 !== 0) throw invalidPickle('it sets items of what is no dictionary')
    for (let i = 0; i < values.length; i += 2) {
      const key = values[i]
      if (typeof key === 'object' && key !== null && !Array.isArray(key)) throw invalidPickle('a key is no plain value')
      map.set(key, values[i + 1])
    }
  }
}

export function isGlobal(value: unknown): value is PickleGlobal {
  return typeof value === 'object' && value !== null && 'global' in value
}

type Step = (reader: Unpickler) => void

/** The operations, by the names that Python's pickletools gives them. */
const steps: Readonly<Record<number, Step>> = {
  128: (reader) => void reader.take(1), // PROTO
  149: (reader) => void reader.take(8), // FRAME
  40: (reader) => reader.mark(), // MARK
  48: (reader) => void reader.pops(1), // POP
  49: (reader) => void reader.popMark(), // POP_MARK
  78: (reader) => reader.push(null), // NONE
  136: (reader) => reader.push(true), // NEWTRUE
  137: (reader) => reader.push(false), // NEWFALSE
  74: (reader) => reader.push(reader.int32()), // BININT
  75: (reader) => reader.push(reader.uint(1)), // BININT1
  77: (reader) => reader.push(reader.uint(2)), // BININT2
  138: (reader) => reader.push(reader.long(reader.uint(1))), // LONG1
  139: (reader) => reader.push(reader.long(reader.uint(4))), // LONG4
  71: (reader) => reader.push(reader.float()), // BINFLOAT
  88: (reader) => reader.push(reader.text(reader.uint(4))), // BINUNICODE
  140: (reader) => reader.push(reader.text(reader.uint(1))), // SHORT_BINUNICODE
  141: (reader) => reader.push(reader.text(reader.uint(8))), // BINUNICODE8
  84: (reader) => reader.push(reader.oldText(reader.uint(4))), // BINSTRING
  85: (reader) => reader.push(reader.oldText(reader.uint(1))), // SHORT_BINSTRING
  66: (reader) => reader.push(reader.raw(reader.uint(4))), // BINBYTES
  67: (reader) => reader.push(reader.raw(reader.uint(1))), // SHORT_BINBYTES
  93: (reader) => reader.push([]), // EMPTY_LIST
  97: (reader) => reader.append(reader.pops(1)), // APPEND
  101: (reader) => reader.append(reader.popMark()), // APPENDS
  41: (reader) => reader.push([]), // EMPTY_TUPLE
  116: (reader) => reader.push(reader.popMark()), // TUPLE
  133: (reader) => reader.push(reader.pops(1)), // TUPLE1
  134: (reader) => reader.push(reader.pops(2)), // TUPLE2
  135: (reader) => reader.push(reader.pops(3)), // TUPLE3
  125: (reader) => reader.push(new Map()), // EMPTY_DICT
  115: (reader) => reader.setItems(reader.pops(2)), // SETITEM
  117: (reader) => reader.setItems(reader.popMark()), // SETITEMS
  99: (reader) => reader.global(reader.line(), reader.line()), // GLOBAL
  147: (reader) => reader.global(...(reader.pops(2) as [unknown, unknown])), // STACK_GLOBAL
  82: (reader) => reader.reduce(), // REDUCE
  98: (reader) => reader.build(), // BUILD
  81: (reader) => reader.persistent(), // BINPERSID
  113: (reader) => reader.remember(reader.uint(1)), // BINPUT
  114: (reader) => reader.remember(reader.uint(4)), // LONG_BINPUT
  148: (reader) => reader.remember(), // MEMOIZE
  104: (reader) => reader.recall(reader.uint(1)), // BINGET
  106: (reader) => reader.recall(reader.uint(4)), // LONG_BINGET
}
