import type { Evidence, GridReference, Memory } from '@perstream/spec'

/** Keeps each of the few strings that many memories share once. */
export class SharedStrings {
  readonly #known = new Map<string, string>()

  share(text: string): string {
    const known = this.#known.get(text)
    if (known === undefined) this.#known.set(text, text)
    return known ?? text
  }
}

/** A frozen copy of a memory that takes little room: its owner, category, space and sources are shared with other memories. */
export function compactMemory(memory: Memory, strings: SharedStrings): Memory {
  const { supersededBy, conflicts, meanGrid, nearestGrid } = memory
  const plain: Memory = {
    id: memory.id,
    text: memory.text,
    category: strings.share(memory.category),
    origin: memory.origin,
    owner: strings.share(memory.owner),
    confidence: memory.confidence,
    evidence: memory.evidence.length === 0 ? none : memory.evidence.map((each) => compactEvidence(each, strings)),
    triplets: memory.triplets.length === 0 ? none : memory.triplets,
    space: memory.space === undefined ? undefined : strings.share(memory.space),
    validFrom: memory.validFrom,
    validTo: memory.validTo,
    learnedAt: memory.learnedAt,
    updatedAt: memory.updatedAt,
    track: memory.track,
  }
  if (supersededBy === undefined && !conflicts?.length && !meanGrid && !nearestGrid) return Object.freeze(plain)
  return Object.freeze({
    ...plain,
    ...(supersededBy !== undefined && { supersededBy, supersededAt: memory.supersededAt }),
    ...(conflicts?.length && { conflicts }),
    ...(meanGrid && { meanGrid: compactGrid(meanGrid, strings) }),
    ...(nearestGrid && { nearestGrid: compactGrid(nearestGrid, strings) }),
  })
}

const none: readonly never[] = Object.freeze([])

function compactEvidence(evidence: Evidence, strings: SharedStrings): Evidence {
  const { startSeconds, endSeconds, frames, box } = evidence
  return { source: strings.share(evidence.source), startSeconds, endSeconds, frames, ...(box && { box }) }
}

function compactGrid({ id, rows, columns, dimensions, space }: GridReference, strings: SharedStrings): GridReference {
  return { id, rows, columns, dimensions, space: strings.share(space) }
}
