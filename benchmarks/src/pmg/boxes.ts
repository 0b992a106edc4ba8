import { createRandom, normalize } from '@perstream/kit'
import { createMemoryGraph, type MemoryGraph } from '@perstream/pmg'
import type { MemoryInput, MemoryStore } from '@perstream/spec'

/** The width of the vectors. */
export const dimensions = 384
const space = 'bench'

/** A graph of so many made-up memories of things in boxes, in a store that keeps nothing. */
export async function fillGraph(
  size: number,
  vectors: (label: string) => Float32Array,
  linked: boolean,
): Promise<MemoryGraph> {
  const graph = await createMemoryGraph({ store: noStore() })
  for (let i = 0; i < size; i += 100)
    await graph.create(Array.from({ length: Math.min(100, size - i) }, (_, j) => inputOf(i + j, vectors, linked)))
  return graph
}

/** Takes batches and forgets them. */
function noStore(): MemoryStore {
  return {
    commit: async () => undefined,
    load: async function* () {},
    [Symbol.asyncDispose]: async () => undefined,
  }
}

export function inputOf(i: number, vectors: (label: string) => Float32Array, linked: boolean): MemoryInput {
  const triplet = tripletOf(i)
  return {
    text: `On day ${i % 900} ${triplet.subject} put ${triplet.object} into box ${i} next to the window of the old house`,
    ...{ category: 'notes', origin: 'seen', embedding: vectors(`${i}`), space },
    ...(linked && { triplets: [triplet] }),
    evidence: [{ source: 'day.mp4', startSeconds: i, endSeconds: i + 1, frames: [i * 25] }],
  }
}

/** Every second time, a subject or an object that was there before. */
export function tripletOf(i: number): { subject: string; predicate: string; object: string } {
  const earlier = Math.floor(i / 2)
  return {
    subject: i % 2 ? `person ${earlier}` : `person ${i}`,
    predicate: 'put away',
    object: i % 3 ? `item ${i}` : `item ${earlier}`,
  }
}

/** Vectors of random directions, the same for a label only by chance: none is found by its vector. */
export function createVectors(): (label: string) => Float32Array {
  const random = createRandom(11)
  const pool = Float32Array.from({ length: 2 ** 18 }, () => random.gaussian())
  return () => {
    const [a, b] = [random.integer(0, pool.length - dimensions), random.integer(0, pool.length - dimensions)]
    return normalize(Float32Array.from({ length: dimensions }, (_, i) => pool[a + i]! + pool[b + i]!))
  }
}
