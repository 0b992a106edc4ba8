import type { GraphState } from './graph-state'

const visitBound = 256
const depthBound = 2
const decay = 0.5

/**
 * Walks from memories to those that share entities with them, strongest first. What a step carries is halved and divided
 * by the square root of the entity's memories, so that a hub says little; the owner carries nothing. At most 256 memories are visited,
 * two steps away at most.
 *
 * @param starts slots and strengths (0..1)
 * @returns what reached each slot, 0..1, the starts only by way of others
 */
export function walk(
  state: GraphState,
  starts: readonly (readonly [slot: number, strength: number])[],
  allowed: (slot: number) => boolean,
): Map<number, number> {
  const reached = new Map<number, number>()
  let visits = 0
  for (const [start, strength] of starts) {
    const seen = new Set([start])
    let front: (readonly [number, number])[] = [[start, strength]]
    for (let depth = 0; depth < depthBound && front.length > 0; depth++) {
      const next: (readonly [number, number])[] = []
      for (const [slot, carried] of front)
        for (const [neighbour, weight] of neighbours(state, slot)) {
          if (seen.has(neighbour) || visits >= visitBound) continue
          seen.add(neighbour)
          visits++
          const arriving = carried * decay * weight
          if (allowed(neighbour)) reached.set(neighbour, Math.max(reached.get(neighbour) ?? 0, arriving))
          next.push([neighbour, arriving])
        }
      front = next
    }
  }
  return reached
}

/** Memories that share an entity, with how much the entity says, rarest entities first. */
function neighbours(state: GraphState, slot: number): [slot: number, weight: number][] {
  const entry = state.slots[slot]!
  const entities = new Set(
    entry.relations.flatMap((id) => {
      const { subject, object } = state.relations.get(id)!.record
      return [subject, object]
    }),
  )
  return [...entities]
    .filter((id) => state.entities.get(id)!.record.kind !== 'owner')
    .map((id) => state.memoriesOf(id, visitBound))
    .sort((a, b) => a.size - b.size)
    .flatMap((memories) => {
      const weight = 1 / Math.sqrt(memories.size)
      return Array.from(memories, (id): [number, number] => [state.entries.get(id)!.slot, weight])
    })
}
