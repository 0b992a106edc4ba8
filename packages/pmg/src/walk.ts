import type { GraphState } from './graph-state'

const visitBound = 256
const depthBound = 2

/** What a walk brought to a memory. */
export interface Reached {
  /** 0..1. */
  readonly strength: number
  /** The id of the entity that led to it. */
  readonly entity: string
}

/**
 * Walks from memories to those that share entities with them, strongest first. What a step carries is divided by the number of the
 * entity's memories, so that a hub says little; the owner carries nothing. At most 256 memories are visited, two steps away at most.
 *
 * @param starts slots and strengths (0..1)
 * @returns what reached each slot, the starts only by way of others
 */
export function walk(
  state: GraphState,
  starts: readonly (readonly [slot: number, strength: number])[],
  allowed: (slot: number) => boolean,
): Map<number, Reached> {
  const reached = new Map<number, Reached>()
  for (const [start, strength] of starts)
    spread(state, start, Math.floor(visitBound / starts.length), (slot, share, entity) => {
      const known = reached.get(slot)
      if (allowed(slot) && !(known && known.strength >= strength * share))
        reached.set(slot, { strength: strength * share, entity })
    })
  return reached
}

type Reach = (slot: number, share: number, entity: string) => void

/** Spreads from one memory; each entity is passed once, by the memory that came to it first. */
function spread(state: GraphState, start: number, visits: number, reach: Reach): void {
  const seen = new Set([start])
  const passed = new Set<number>()
  let front: [slot: number, share: number][] = [[start, 1]]
  for (let depth = 0; depth < depthBound; depth++) {
    const next: [number, number][] = []
    for (const [slot, share] of front)
      for (const { entity, memories } of doorways(state, slot, passed)) {
        passed.add(entity)
        for (const neighbour of memories) {
          if (seen.has(neighbour)) continue
          if (seen.size > visits) return
          seen.add(neighbour)
          const arriving = share / memories.size
          reach(neighbour, arriving, state.table.entityId(entity))
          next.push([neighbour, arriving])
        }
      }
    front = next
  }
}

/** The entities a memory speaks of, but for the owner and those that were passed, with their memories; rarest first. */
function doorways(state: GraphState, slot: number, passed: ReadonlySet<number>) {
  const { entries, table } = state
  const entities = new Set<number>()
  for (const relation of entries.relationsAt(slot))
    for (const entity of table.endsOf(relation)) if (!passed.has(entity) && !table.isOwner(entity)) entities.add(entity)
  return Array.from(entities, (entity) => ({ entity, memories: table.slotsOf(entity, visitBound) })).sort(
    (a, b) => a.memories.size - b.memories.size,
  )
}
