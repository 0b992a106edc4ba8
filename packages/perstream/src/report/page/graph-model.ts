import type { ReportData } from '../report-data'
import { capital, words } from './format'
import { firstSeen } from './memory-filter'

/** A thing drawn in the graph. Position and velocity belong to the layout. */
export interface GraphNode {
  readonly id: string
  readonly kind: 'category' | 'memory' | 'entity'
  readonly label: string
  /** Drawn radius in layout units. */
  radius: number
  /** The moment to show when it is chosen; undefined when it has none. */
  readonly seconds: number | undefined
  readonly neighbours: GraphNode[]
  x: number
  y: number
  vx: number
  vy: number
  index: number
}

/** A line of the graph; `label` is a relation's predicate. */
export interface GraphLink {
  readonly source: GraphNode
  readonly target: GraphNode
  readonly kind: 'category' | 'mention' | 'relation'
  readonly label: string
}

/** The graph as it is drawn. */
export interface GraphModel {
  readonly nodes: GraphNode[]
  readonly links: GraphLink[]
  /** How many nodes there are in all; more than `nodes` when only the best connected are drawn. */
  readonly total: number
}

const mostDrawn = 3000

/** Builds the drawn graph: memories hang on their categories, entities on the memories that mention them and on each other. */
export function buildGraph({ memories, graph }: ReportData): GraphModel {
  const byId = new Map<string, GraphNode>()
  const links: GraphLink[] = []
  const add = (node: GraphNode): GraphNode => {
    const known = byId.get(node.id)
    if (!known) byId.set(node.id, node)
    return known ?? node
  }
  const link = (source: GraphNode, target: GraphNode, kind: GraphLink['kind'], label = ''): void => {
    if (source === target) return
    const known = source.neighbours.includes(target)
    if (known && kind === 'mention') return
    links.push({ source, target, kind, label })
    if (known) return
    source.neighbours.push(target)
    target.neighbours.push(source)
  }
  for (const memory of memories) {
    const category = add(createNode('category', memory.category, capital(words(memory.category))))
    const seconds = memory.evidence.length > 0 ? firstSeen(memory) : undefined
    link(add(createNode('memory', memory.id, memory.text, seconds)), category, 'category')
  }
  for (const entity of graph.entities) add(createNode('entity', entity.id, entity.label))
  for (const { source, target, predicate, memoryIds } of graph.relations) {
    const ends = [byId.get(`entity:${source}`), byId.get(`entity:${target}`)].filter((node) => node !== undefined)
    if (ends.length === 2) link(ends[0]!, ends[1]!, 'relation', predicate)
    for (const id of memoryIds) {
      const memory = byId.get(`memory:${id}`)
      if (memory) for (const end of ends) link(memory, end, 'mention')
    }
  }
  const model = keepBestConnected([...byId.values()], links)
  for (const node of model.nodes) node.radius = radiusOf(node)
  placeOnSpiral(model.nodes)
  return model
}

function keepBestConnected(nodes: GraphNode[], links: GraphLink[]): GraphModel {
  if (nodes.length <= mostDrawn) return { nodes, links, total: nodes.length }
  const kept = new Set([...nodes].sort((a, b) => b.neighbours.length - a.neighbours.length).slice(0, mostDrawn))
  for (const node of kept) {
    node.neighbours.splice(0, Number.POSITIVE_INFINITY, ...node.neighbours.filter((other) => kept.has(other)))
  }
  return {
    nodes: nodes.filter((node) => kept.has(node)),
    links: links.filter(({ source, target }) => kept.has(source) && kept.has(target)),
    total: nodes.length,
  }
}

/** The moment of a node: its own, or the earliest of the memories beside it. */
export function momentOf(node: GraphNode): number | undefined {
  if (node.seconds !== undefined) return node.seconds
  const moments = node.neighbours.map(({ seconds }) => seconds).filter((seconds) => seconds !== undefined)
  return moments.length > 0 ? moments.reduce((least, seconds) => Math.min(least, seconds)) : undefined
}

function createNode(kind: GraphNode['kind'], id: string, label: string, seconds?: number): GraphNode {
  return { id: `${kind}:${id}`, kind, label, seconds, radius: 4, neighbours: [], x: 0, y: 0, vx: 0, vy: 0, index: 0 }
}

function radiusOf({ kind, neighbours }: GraphNode): number {
  const growth = Math.sqrt(neighbours.length)
  if (kind === 'category') return Math.min(22, 7 + 1.6 * growth)
  return kind === 'entity' ? Math.min(14, 2 + 1.5 * growth) : 4
}

// A fixed start makes the same data draw the same picture.
function placeOnSpiral(nodes: readonly GraphNode[]): void {
  const order = { category: 0, entity: 1, memory: 2 }
  const sorted = [...nodes].sort((a, b) => order[a.kind] - order[b.kind])
  sorted.forEach((node, index) => {
    const angle = index * Math.PI * (3 - Math.sqrt(5))
    const distance = 14 * Math.sqrt(index + 0.5)
    node.x = Math.cos(angle) * distance
    node.y = Math.sin(angle) * distance
  })
}
