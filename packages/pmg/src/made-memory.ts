import type { GridReference, Memory, MemoryInput, Triplet } from '@perstream/spec'
import { createId } from './create-id'
import { mergeEvidence } from './evidence'

/** The grids of an input, once they are kept. */
export interface GridReferences {
  readonly meanGrid?: GridReference | undefined
  readonly nearestGrid?: GridReference | undefined
}

/** An input and what it comes with. */
export interface MadeInput {
  readonly input: MemoryInput
  /** The space of its embedding, when it has one. */
  readonly space: string | undefined
  readonly grids: GridReferences
  readonly now: number
}

/** The memory that an input makes. */
export function freshMemory(owner: string, { input, space, grids, now }: MadeInput): Memory {
  return {
    id: createId(),
    text: input.text,
    category: input.category,
    origin: input.origin,
    owner,
    confidence: input.confidence ?? 1,
    evidence: mergeEvidence(input.evidence ?? []),
    triplets: copyTriplets(input.triplets),
    space,
    validFrom: input.validFrom,
    validTo: input.validTo,
    learnedAt: input.learnedAt ?? now,
    updatedAt: now,
    track: input.track,
    ...grids,
  }
}

/** A memory whose track is read again: the new words take the place of the old ones, what was seen of both stays. */
export function revisedMemory(memory: Memory, made: MadeInput): Memory {
  const { input, grids } = made
  const fresh = freshMemory(memory.owner, made)
  return {
    ...fresh,
    id: memory.id,
    evidence: mergeEvidence(memory.evidence, fresh.evidence),
    validFrom: earlier(memory.validFrom, input.validFrom),
    learnedAt: memory.learnedAt,
    conflicts: memory.conflicts,
    meanGrid: grids.meanGrid ?? memory.meanGrid,
    nearestGrid: grids.nearestGrid ?? memory.nearestGrid,
  }
}

/** A memory that is said again: its words stay, what was seen of both is put together. */
export function extendedMemory(memory: Memory, { input, grids, now }: MadeInput): Memory {
  return {
    ...memory,
    confidence: Math.max(memory.confidence, input.confidence ?? 1),
    evidence: mergeEvidence(memory.evidence, input.evidence ?? []),
    triplets: memory.triplets.length > 0 || !input.triplets?.length ? memory.triplets : copyTriplets(input.triplets),
    validFrom: earlier(memory.validFrom, input.validFrom),
    validTo: later(memory.validTo, input.validTo),
    learnedAt: Math.min(memory.learnedAt, input.learnedAt ?? now),
    updatedAt: now,
    meanGrid: memory.meanGrid ?? grids.meanGrid,
    nearestGrid: memory.nearestGrid ?? grids.nearestGrid,
  }
}

/** The earlier of two beginnings that may be unknown: what is known wins. */
function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b)
}

/** The later of two ends; an open end stays open. */
function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(a, b)
}

export function sameTriplets(a: readonly Triplet[], b: readonly Triplet[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ subject, predicate, object }, i) => {
      const other = b[i]!
      return subject === other.subject && predicate === other.predicate && object === other.object
    })
  )
}

export function copyTriplets(triplets: readonly Triplet[] | undefined): Triplet[] {
  return (triplets ?? []).map(({ subject, predicate, object }) => ({ subject, predicate, object }))
}
