import type { AnswerRequest, CallOptions, GridReference, Memory, PatchGrid, PromptPart } from '@perstream/spec'

/** Where stored grids are read from, and which of them. */
export interface MemoryViews extends CallOptions {
  readonly read: AnswerRequest['grid']
  /** Grids of other spaces are passed over. */
  readonly space: string | undefined
  /** Grids at most. */
  readonly limit: number
}

interface View {
  readonly number: number
  readonly learnedAt: number
  readonly reference: GridReference
}

/**
 * The stored grids of numbered memories as parts of a prompt, each after the number of its memory: oldest memory
 * first, the mean before the nearest, a grid that several share once. Over the limit the last memories are left
 * without. (BEHAVIOUR 8.1, vector G1)
 */
export async function viewsOf(
  memories: readonly Memory[],
  { read, space, limit, signal }: MemoryViews,
): Promise<PromptPart[]> {
  if (!read || space === undefined) return []
  const views = new Map<string, View>()
  for (const [i, { meanGrid, nearestGrid, learnedAt }] of memories.entries()) {
    for (const grid of [meanGrid, nearestGrid]) {
      if (grid?.space !== space || views.has(grid.id) || views.size >= limit) continue
      views.set(grid.id, { number: i + 1, learnedAt, reference: grid })
    }
  }
  const parts: PromptPart[] = []
  for (const { number, reference } of [...views.values()].sort((a, b) => a.learnedAt - b.learnedAt)) {
    const grid = await read(reference, { signal })
    if (grid) parts.push({ kind: 'text', text: `View of memory ${number}:` }, { kind: 'embedding', grid })
  }
  return parts
}

/** Grids of what is in view now, oldest first. */
export function currentViews(grids: readonly PatchGrid[], space: string | undefined): PromptPart[] {
  const shown = grids.filter((grid) => grid.space === space)
  if (shown.length === 0) return []
  return [
    { kind: 'text', text: 'In view now, oldest first:' },
    ...shown.map((grid) => ({ kind: 'embedding', grid }) as const),
  ]
}
