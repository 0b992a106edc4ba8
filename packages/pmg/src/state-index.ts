import type { CallOptions, MemoryStore } from '@perstream/spec'
import { littleEndian } from './byte-layout'
import { entityKey } from './entity-key'
import { GraphState } from './graph-state'
import type { IndexedStore, KeptIndex } from './kept-index'
import { readPredicate } from './predicates'
import { SectionReader, SectionWriter } from './sections'
import type { VectorIndex } from './vector-index'
import { nearWordsKey, sameWordsKey, searchTerms } from './words'

/** To be raised when the sections change. */
const version = 2

/** Whether a store keeps indexes. */
export function isIndexed(store: MemoryStore): store is IndexedStore {
  return littleEndian && 'readIndex' in store && 'writeIndex' in store
}

/** What an index is made of: all of a state but most of its embeddings, which the store has anyway. */
export function indexOf(state: GraphState): ReadonlyMap<string, Uint8Array> {
  const writer = new SectionWriter()
  writer.json('rules', rules())
  state.save(writer)
  const slots = state.entries.ambiguousSlots().filter((slot) => state.vectors?.has(slot))
  const vectors = new Float32Array(slots.length * (state.vectors?.dimensions ?? 0))
  for (const [i, slot] of slots.entries()) vectors.set(state.vectors!.get(slot)!, i * state.vectors!.dimensions)
  writer.numbers('ambiguous.slots', Uint32Array.from(slots))
  writer.numbers('ambiguous.vectors', vectors)
  return writer.sections
}

/** Makes a state of an index; undefined where it was made by other rules. @throws PerStreamError `store-corrupt` */
export async function stateOf(index: KeptIndex, options: CallOptions): Promise<GraphState | undefined> {
  const reader = new SectionReader(index.sections)
  if (!index.sections.has('rules')) return undefined
  if (JSON.stringify(reader.json('rules')) !== JSON.stringify(rules())) return undefined
  const state = new GraphState()
  state.restore(reader)
  await restoreVectors(state, reader, index, options)
  state.completeRestore()
  return state
}

async function restoreVectors(
  { entries, vectors }: GraphState,
  reader: SectionReader,
  index: KeptIndex,
  options: CallOptions,
): Promise<void> {
  if (!vectors) return
  vectors.reserve(entries.slotCount)
  const ambiguous = reader.uint32('ambiguous.slots')
  putRuns(vectors, reader.float32('ambiguous.vectors'), (i) => ambiguous[i])
  for await (const { keys, vectors: values } of index.embeddings(options))
    putRuns(vectors, values, (i) => entries.slotWithHash(keys[i]!))
}

/** Puts vectors into their slots, those that follow each other at once; those without a slot are left out. */
function putRuns(index: VectorIndex, vectors: Float32Array, slotOf: (i: number) => number | undefined): void {
  const { dimensions } = index
  const count = vectors.length / dimensions
  let slot = count > 0 ? slotOf(0) : undefined
  for (let start = 0; start < count; ) {
    const first = slot
    let end = start
    do slot = ++end < count ? slotOf(end) : undefined
    while (first !== undefined && slot === first + end - start)
    if (first !== undefined) index.putBack(first, vectors.subarray(start * dimensions, end * dimensions))
    start = end
  }
}

/** What the rules make of a sentence that words, names and keys are derived by: an index by other rules is not used. */
function rules(): unknown {
  const sentence = "Anna's sisters weren't PARKING the 2 re-painted Cafés' cars at 14:30, 東京駅 or “St. Mary’s”"
  return {
    version,
    words: [searchTerms, sameWordsKey, nearWordsKey, (text: string) => entityKey(text)].map((read) => read(sentence)),
    predicates: ['has not been parked at', "doesn't like", 'is'].map(readPredicate),
  }
}
