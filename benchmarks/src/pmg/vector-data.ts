import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRandom, encodeAll, normalize, type Random } from '@perstream/kit'
import { openUseLite } from '../gate/encoders'
import { memoryTexts } from '../gate/memories'
import { objectTags, readTexts } from '../gate/read-texts'

/** Unit vectors to fill an index with, and others to search it by. */
export interface VectorData {
  readonly name: string
  readonly dimensions: number
  readonly queries: readonly Float32Array[]
  /** What stood in for what. */
  readonly note: string
  /** Makes the vectors, the same ones each time. */
  vectors(count: number): Iterable<Float32Array>
}

const queryCount = 32

/** Vectors of random directions. */
export function syntheticData(dimensions: number): VectorData {
  return {
    name: 'synthetic',
    dimensions,
    queries: [...randomDirections(queryCount, dimensions, 1)],
    note: `synthetic: ${dimensions}-d vectors of random directions, and ${queryCount} more as queries`,
    vectors: (count) => randomDirections(count, dimensions, 2),
  }
}

/** Vectors of texts that people wrote, from the project's data or, without it, the benchmarks' own; or why there are none. */
export async function textData(file: string): Promise<VectorData | string> {
  const { encoder, missing } = await openUseLite()
  if (!encoder) return `vectors of real texts: ${missing}`
  const texts = existsSync(file)
    ? textsOf(JSON.parse(await readFile(file, 'utf8')) as Row[])
    : [...memoryTexts, ...readTexts, ...objectTags]
  const all = (await encodeAll(encoder, texts.slice(0, 2000))).map(normalize)
  const known = all.slice(queryCount)
  return {
    name: 'texts',
    dimensions: encoder.dimensions,
    queries: all.slice(0, queryCount),
    note:
      `texts: ${encoder.dimensions}-d USE-lite vectors of ${known.length} ${existsSync(file) ? `memories of ${file}` : 'texts of the benchmark'}` +
      `, ${queryCount} more as queries; where more are needed, each further one is mixed from two of them, plus noise of a tenth of its length`,
    vectors: (count) => mixtures(known, count),
  }
}

interface Row {
  readonly type_1_memories?: readonly string[]
  readonly type_2_memories?: readonly string[]
}

/** The distinct memories, in an order that mixes people. */
function textsOf(rows: readonly Row[]): readonly string[] {
  const texts = rows.flatMap((row) => [...(row.type_1_memories ?? []), ...(row.type_2_memories ?? [])])
  return createRandom(5).shuffle([...new Set(texts)])
}

function* randomDirections(count: number, dimensions: number, seed: number): Iterable<Float32Array> {
  const noise = createNoise(dimensions, createRandom(seed))
  for (let i = 0; i < count; i++) yield normalize(noise())
}

function* mixtures(known: readonly Float32Array[], count: number): Iterable<Float32Array> {
  const random = createRandom(3)
  const noise = createNoise(known[0]!.length, random)
  yield* known.slice(0, count)
  for (let i = known.length; i < count; i++) {
    const [main, other, around] = [random.pick(known), random.pick(known), noise()]
    const share = 0.4 * random.next()
    const amount = 0.1 / Math.sqrt(2 * main.length)
    yield normalize(main.map((value, j) => (1 - share) * value + share * other[j]! + amount * around[j]!))
  }
}

/** Vectors of normal values with variance 2: sums of two random stretches of a million values, as drawing each takes too long. */
function createNoise(dimensions: number, random: Random): () => Float32Array {
  const pool = Float32Array.from({ length: 2 ** 20 }, () => random.gaussian())
  return () => {
    const [a, b] = [random.integer(0, pool.length - dimensions), random.integer(0, pool.length - dimensions)]
    const vector = new Float32Array(dimensions)
    for (let i = 0; i < dimensions; i++) vector[i] = pool[a + i]! + pool[b + i]!
    return vector
  }
}
