/** A seeded source of random numbers: the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform whole number in [low, high), `high` exclusive. */
  integer(low: number, high: number): number
  /** Normal, mean 0 and deviation 1. */
  gaussian(): number
  /** One of the items. @throws TypeError when there are none */
  pick<Item>(items: readonly Item[]): Item
  /** A shuffled copy. */
  shuffle<Item>(items: readonly Item[]): Item[]
}

/** Makes a seeded random source (sfc32, by Chris Doty-Humphrey). */
export function createRandom(seed: number): Random {
  const bits = sfc32(seed)
  const next = () => bits() / 4294967296
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low))
  return {
    next,
    integer,
    gaussian: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (items) => {
      if (items.length === 0) throw new TypeError('pick from no items: give at least one')
      return items[integer(0, items.length)]!
    },
    shuffle: (items) => shuffled(items, integer),
  }
}

function shuffled<Item>(items: readonly Item[], integer: (low: number, high: number) => number): Item[] {
  const copy = [...items]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = integer(0, i + 1)
    ;[copy[i], copy[j]] = [copy[j]!, copy[i]!]
  }
  return copy
}

function sfc32(seed: number): () => number {
  let a = seed >>> 0
  let b = Math.floor(seed / 4294967296) >>> 0
  let c = 0x9e3779b9
  let counter = 1
  const bits = () => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) bits()
  return bits
}
