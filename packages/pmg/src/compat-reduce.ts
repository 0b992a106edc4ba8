import type { CompatNode } from './compat-records'

/** What a node can lose, fine to coarse: its two visual vectors, the caption's embedding, the caption. */
export type CompatGranularity = 'v_nearest' | 'v_mean' | 'v_M' | 'M'

/** How the prototype orders what it takes away: node by node, or granularity by granularity; cold nodes first in both. */
export type CompatReductionMode = 'NSBG' | 'GSBN'

/** What a reduction took away. */
export interface CompatReduction {
  /** As the prototype counts: the whole text, though a marker takes its place, and that marker again on each call (B-41). */
  readonly freedBytes: number
  /** As the prototype counts (B-42). */
  readonly nodesModified: number
  readonly removed: Readonly<Partial<Record<CompatGranularity, number>>>
  readonly strategy: CompatReductionMode
}

/** What a graph holds, as the prototype estimates it: without labels and edges, and shared arrays as often as they occur (B-38). */
export interface CompatMemoryUsage {
  readonly totalBytes: number
  /** Those that occur. */
  readonly bytesBy: Readonly<Partial<Record<CompatGranularity, number>>>
  readonly nodes: number
  readonly edges: number
}

const granularities: readonly CompatGranularity[] = ['v_nearest', 'v_mean', 'v_M', 'M']
const marker = '[REDUCED]'
const none = new Float32Array(0)
const utf8 = new TextEncoder()

/** Takes parts away until at least so many bytes are counted as freed (BEHAVIOUR: section 7.1). @param nodes cold to hot */
export function reduceNodes(nodes: readonly CompatNode[], bytes: number, mode: CompatReductionMode): CompatReduction {
  const reduction = new Reduction(bytes)
  if (mode === 'NSBG') reduction.byNode(nodes)
  else reduction.byGranularity(nodes)
  const { freed: freedBytes, nodesModified, removed } = reduction
  return { freedBytes, nodesModified, removed, strategy: mode }
}

export function memoryUsage(nodes: readonly CompatNode[], edges: number): CompatMemoryUsage {
  const bytesBy: Partial<Record<CompatGranularity, number>> = {}
  for (const node of nodes)
    for (const granularity of granularities) {
      const size = sizeOf(node, granularity)
      if (size > 0) bytesBy[granularity] = (bytesBy[granularity] ?? 0) + size
    }
  const totalBytes = Object.values(bytesBy).reduce((sum, size) => sum + size, 0)
  return { totalBytes, bytesBy, nodes: nodes.length, edges }
}

class Reduction {
  freed = 0
  nodesModified = 0
  readonly removed: Partial<Record<CompatGranularity, number>> = {}

  constructor(readonly wanted: number) {}

  byNode(nodes: readonly CompatNode[]): void {
    for (const node of nodes) {
      if (this.freed >= this.wanted) return
      for (const granularity of granularities) if (this.freed < this.wanted) this.#take(node, granularity)
      // Of all nodes so far, not of this one: the prototype's way to count.
      if (this.freed > 0) this.#note(node)
    }
  }

  byGranularity(nodes: readonly CompatNode[]): void {
    for (const granularity of granularities)
      for (const node of nodes) {
        if (this.freed >= this.wanted) return
        if (this.#take(node, granularity)) this.#note(node)
      }
  }

  /** Says whether there was something to take. */
  #take(node: CompatNode, granularity: CompatGranularity): boolean {
    const size = sizeOf(node, granularity)
    if (size === 0) return false
    this.freed += size
    this.removed[granularity] = (this.removed[granularity] ?? 0) + 1
    if (granularity === 'v_nearest') node.nearest = none
    else if (granularity === 'v_mean') node.mean = none
    else if (granularity === 'v_M') node.captionEmbedding = none
    else node.text = marker
    return true
  }

  #note(node: CompatNode): void {
    this.nodesModified++
    node.updatedAt = Date.now()
  }
}

function sizeOf(node: CompatNode, granularity: CompatGranularity): number {
  switch (granularity) {
    case 'v_nearest':
      return node.nearest.byteLength
    case 'v_mean':
      return node.mean.byteLength
    case 'v_M':
      return node.captionEmbedding.byteLength
    case 'M':
      return utf8.encode(node.text ?? '').length
  }
}
