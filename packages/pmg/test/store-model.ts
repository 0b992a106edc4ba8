import type { UnreliableDirectory } from '@perstream/conformance'
import { collect, precisions } from '@perstream/kit'
import type { Memory, MemoryBatch, MemoryOperation, MemoryStore, TensorPrecision } from '@perstream/spec'
import fc from 'fast-check'
import type { EmbeddingBlock, KeptIndex } from '../src/journal'
import { memoryKeyHash } from '../src/journal-keys'
import { decodeGrid, encodeGrid } from '../src/tensors/grid-codec'
import { plainBytes } from './plain-bytes'

type Reduction = Extract<MemoryOperation, { type: 'memory-reduce' }>

/** What a store should hold: the plain way, one map. */
export type Model = ReadonlyMap<string, Held>

interface Held {
  readonly text: string
  readonly embedding: readonly number[] | undefined
  /** How coarse its embedding is; one that is gone is of no space. */
  readonly precision: TensorPrecision
  readonly isEmbedded: boolean
}

/** The text of each version of each memory is its own, long enough to be searched for in files. */
export interface Change {
  readonly id: number
  readonly kind: 'put' | 'reword' | 'delete' | 'visit' | keyof typeof reductions
}

const reductions = {
  coarser: { part: 'embedding', to: 'i8' },
  coarsest: { part: 'embedding', to: 'b1' },
  forget: { part: 'embedding', to: 'gone' },
  silence: { part: 'text', to: 'gone' },
} as const

export const changes = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 7 }),
    kind: fc.constantFrom<Change['kind']>(
      ...(['put', 'put', 'put', 'reword', 'visit', 'delete', 'coarser', 'coarsest', 'forget', 'silence'] as const),
    ),
  }),
  { minLength: 1, maxLength: 4 },
)

/** Makes batches out of changes, each with words of its own. */
export class BatchMaker {
  #count = 0

  batch(sequence: number, list: readonly Change[]): MemoryBatch {
    return { sequence, at: sequence, operations: list.map((change) => this.#operation(change)) }
  }

  #operation({ id, kind }: Change): MemoryOperation {
    const name = nameOf(id)
    this.#count++
    if (kind === 'delete') return { type: 'memory-delete', id: name }
    if (kind === 'visit') return { type: 'visit-put', id: name, visits: { visits: this.#count, lastVisitedAt: 1 } }
    if (kind in reductions) {
      const reduction = reductions[kind as keyof typeof reductions]
      return { type: 'memory-reduce', ids: [name, nameOf((id + 3) % 8), 'unknown'], at: 1, ...reduction }
    }
    const memory = memoryOf(name, `words ${this.#count} of ${name}`)
    return kind === 'reword'
      ? { type: 'memory-put', memory }
      : { type: 'memory-put', memory, embedding: Float32Array.of(1000 + id, this.#count, 0.1) }
  }
}

export function nameOf(id: number): string {
  return `memory-name-${id}`
}

function memoryOf(id: string, text: string): Memory {
  return {
    ...{ id, text, category: 'notes', origin: 'read', owner: 'me', confidence: 1, evidence: [], triplets: [] },
    ...{ space: 's', validFrom: undefined, validTo: undefined, track: undefined, learnedAt: 1, updatedAt: 1 },
  }
}

/** Writes a memory of some words; it has a space when it has an embedding. */
export function put(id: string, embedding?: Float32Array, text = `words of ${id}`): MemoryOperation {
  const memory = { ...memoryOf(id, text), space: embedding && 's' }
  return { type: 'memory-put', memory, ...(embedding && { embedding }) }
}

export function remove(id: string): MemoryOperation {
  return { type: 'memory-delete', id }
}

export function batch(sequence: number, ...operations: MemoryOperation[]): MemoryBatch {
  return { sequence, at: 1, operations }
}

/** What is there after a batch. */
export function after(model: Model, { operations }: MemoryBatch): Model {
  const next = new Map(model)
  for (const operation of operations) {
    if (operation.type === 'memory-delete') next.delete(operation.id)
    if (operation.type === 'memory-reduce') for (const id of operation.ids) reduce(next, id, operation)
    if (operation.type !== 'memory-put') continue
    const { id, text, space, embeddingPrecision: precision = 'f32' } = operation.memory
    const embedding = operation.embedding ? [...operation.embedding] : next.get(id)?.embedding
    next.set(id, { text, embedding, precision, isEmbedded: space !== undefined })
  }
  return next
}

function reduce(model: Map<string, Held>, id: string, { part, to }: Reduction): void {
  const held = model.get(id)
  if (!held) return
  if (part === 'text') model.set(id, { ...held, text: '' })
  if (part !== 'embedding' || !held.isEmbedded) return
  if (to === 'gone') model.set(id, { ...held, embedding: undefined, precision: 'f32', isEmbedded: false })
  else if (precisions.indexOf(to) > precisions.indexOf(held.precision))
    model.set(id, { ...held, precision: to, embedding: held.embedding && rounded(held.embedding, to) })
}

/** What values come back as from a grid of one row. */
function rounded(values: readonly number[], precision: TensorPrecision): number[] {
  const shape = { rows: 1, columns: 1, dimensions: values.length, space: 's' }
  return [...decodeGrid(shape, precision, encodeGrid({ ...shape, data: Float32Array.from(values) }, precision)).data]
}

/** The names of the memories that an operation names. */
export function subjectsOf(operation: MemoryOperation): readonly string[] {
  if (operation.type === 'memory-reduce') return operation.ids
  return operation.type === 'memory-put' ? [operation.memory.id] : 'id' in operation ? [operation.id] : []
}

/** What a store holds, and the last sequence it knows of. */
export async function contentOf(store: MemoryStore): Promise<{ model: Model; sequence: number }> {
  let model: Model = new Map()
  let sequence = 0
  for await (const batch of store.load()) {
    sequence = batch.sequence
    model = after(batch.operations[0]?.type === 'reset' ? new Map() : model, batch)
  }
  return { model, sequence }
}

/** An index of a model: all that it holds, so that what should be erased would be found in it. */
export function sectionsOf(model: Model): ReadonlyMap<string, Uint8Array> {
  const words = new TextEncoder().encode(JSON.stringify([...model]))
  return new Map([
    ['words', words],
    ['nothing', new Uint8Array(0)],
    ['length', new Uint8Array(Float64Array.of(words.length).buffer)],
  ])
}

/** The model that an index of {@link sectionsOf} holds, read in the way that a graph would: as views. */
export function modelOf({ sections }: Pick<KeptIndex, 'sections'>): Model {
  const bytes = sections.get('length')!
  const [length] = new Float64Array(bytes.buffer, bytes.byteOffset, 1)
  const words = sections.get('words')!
  if (length !== words.length || sections.get('nothing')!.length !== 0) throw new Error('the sections do not belong')
  return new Map(JSON.parse(new TextDecoder().decode(words)))
}

/** Embeddings as `key values`, sorted. */
export async function embeddingsOf(index: KeptIndex): Promise<string[]> {
  const lines = await collect(linesOf(index.embeddings()))
  return lines.sort()
}

/** What {@link embeddingsOf} should give. */
export function embeddingLines(model: Model): string[] {
  return [...model]
    .flatMap(([id, { embedding }]) => (embedding ? [`${memoryKeyHash(id)} ${embedding.join(' ')}`] : []))
    .sort()
}

async function* linesOf(blocks: AsyncIterable<EmbeddingBlock>): AsyncGenerator<string, void, void> {
  for await (const { keys, vectors } of blocks) {
    const dimensions = vectors.length / keys.length
    for (const [i, key] of keys.entries())
      yield `${key} ${vectors.subarray(i * dimensions, (i + 1) * dimensions).join(' ')}`
  }
}

/** The names of memories that any file still has a byte of, of those that should be gone. */
export function tracesOf(files: UnreliableDirectory['files'], gone: readonly string[]): string[] {
  const all = [...files.values()].map(plainBytes).join('\n')
  const bytesOf = (id: string) =>
    Buffer.from(Float32Array.of(1000 + Number(id.split('-').at(-1))).buffer).toString('latin1')
  return gone.filter((id) => all.includes(id) || all.includes(bytesOf(id)))
}
