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
  for (const [start, strength] of starts)
    spread(state, start, Math.floor(visitBound / starts.length), (slot, share) => {
      if (allowed(slot)) reached.set(slot, Math.max(reached.get(slot) ?? 0, strength * share))
    })
  return reached
}

/** Spreads from one memory; each entity is passed once, by the memory that came to it first. */
function spread(state: GraphState, start: number, visits: number, reach: (slot: number, share: number) => void): void {
  const seen = new Set([start])
  const passed = new Set<string>()
  let front: [slot: number, share: number][] = [[start, 1]]
  for (let depth = 0; depth < depthBound; depth++) {
    const next: [number, number][] = []
    for (const [slot, share] of front)
      for (const { id, memories } of doorways(state, slot, passed)) {
        passed.add(id)
        for (const memory of memories) {
          const neighbour = state.entries.get(memory)!.slot
          if (seen.has(neighbour)) continue
          if (seen.size > visits) return
          seen.add(neighbour)
          const arriving = (share * decay) / Math.sqrt(memories.size)
          reach(neighbour, arriving)
          next.push([neighbour, arriving])
        }
      }
    front = next
  }
}

/** The entities a memory speaks of, but for the owner and those that were passed, with their memories; rarest first. */
function doorways(state: GraphState, slot: number, passed: ReadonlySet<string>) {
  const ids = new Set<string>()
  for (const relation of state.slots[slot]!.relations) {
    const { subject, object } = state.relations.get(relation)!.record
    for (const id of [subject, object])
      if (!passed.has(id) && state.entities.get(id)!.record.kind !== 'owner') ids.add(id)
  }
  return Array.from(ids, (id) => ({ id, memories: state.memoriesOf(id, visitBound) })).sort(
    (a, b) => a.memories.size - b.memories.size,
  )
}
