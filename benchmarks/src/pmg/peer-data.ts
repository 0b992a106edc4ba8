import { createRandom, normalize } from '@perstream/kit'

/** A row that every contestant gets: what is remembered, and its vector. */
export interface PeerRow {
  readonly id: number
  readonly text: string
  readonly vector: Float32Array
}

export const dimensions = 384
const topics = 400
const words =
  'the of red blue key car shop bread train desk lamp phone bank tea coat book door glass stone river Anna Ben Lisbon Monday'.split(
    ' ',
  )

/** Makes rows, the same ones each time: vectors that gather around topics, as those of texts do, and texts of their own. */
export function* peerRows(count: number): Generator<PeerRow, void, void> {
  const vector = createVectors(11)
  const random = createRandom(12)
  for (let id = 0; id < count; id++) {
    const said = Array.from({ length: 12 }, () => random.pick(words)).join(' ')
    yield { id, text: `memory ${id}: ${said}`, vector: vector() }
  }
}

/** Vectors to search by, of the same topics; none is a row. */
export function peerQueries(count: number): Float32Array[] {
  const vector = createVectors(13)
  return Array.from({ length: count }, () => vector())
}

function createVectors(seed: number): () => Float32Array {
  const fixed = createRandom(10)
  const direction = (random: typeof fixed) => Float32Array.from({ length: dimensions }, () => random.gaussian())
  const centres = Array.from({ length: topics }, () => direction(fixed))
  const pool = Float32Array.from({ length: 2 ** 20 }, () => fixed.gaussian())
  const random = createRandom(seed)
  return () => {
    const centre = random.pick(centres)
    const [a, b] = [random.integer(0, pool.length - dimensions), random.integer(0, pool.length - dimensions)]
    return normalize(centre.map((value, i) => value + pool[a + i]! + 0.7 * pool[b + i]!))
  }
}
