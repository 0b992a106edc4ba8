import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force'
import type { GraphLink, GraphModel, GraphNode } from './graph-model'

/** Lays a graph out step by step. */
interface GraphLayout {
  /** Works for about so many milliseconds; false once the layout is settled. */
  readonly advance: (milliseconds: number) => boolean
}

const linkLengths = { category: 30, mention: 26, relation: 44 }

/** Creates a force layout (d3-force) of the model's nodes; it moves their x and y. */
export function createLayout({ nodes, links }: GraphModel): GraphLayout {
  const crowd = nodes.length > 400
  const repulsion = ({ kind, neighbours }: GraphNode): number =>
    kind === 'category' ? -160 - 12 * Math.min(60, neighbours.length) : crowd ? -30 : -90
  const simulation = forceSimulation<GraphNode>(nodes)
    .force(
      'link',
      forceLink<GraphNode, { source: GraphNode; target: GraphNode; kind: GraphLink['kind'] }>(
        links.map(({ source, target, kind }) => ({ source, target, kind })),
      )
        .distance(({ source, target, kind }) => linkLengths[kind] + source.radius + target.radius)
        .strength(({ kind, source, target }) =>
          kind === 'mention' ? (crowd ? 0.08 : 0.15) : 0.8 / Math.min(degree(source), degree(target)),
        ),
    )
    .force(
      'charge',
      forceManyBody<GraphNode>()
        .strength(repulsion)
        .distanceMax(crowd ? 2000 : 600)
        .theta(1),
    )
    .force(
      'collide',
      forceCollide<GraphNode>().radius(({ radius }) => radius + (crowd ? 1 : 5)),
    )
    .force('x', forceX<GraphNode>().strength(crowd ? 0.05 : 0.07))
    .force('y', forceY<GraphNode>().strength(crowd ? 0.06 : 0.11))
    .alphaDecay(crowd ? 0.03 : 0.022)
    .stop()
  return {
    advance: (milliseconds) => {
      const until = performance.now() + milliseconds
      while (simulation.alpha() > simulation.alphaMin()) {
        simulation.tick()
        if (performance.now() > until) break
      }
      return simulation.alpha() > simulation.alphaMin()
    },
  }
}

function degree({ neighbours }: GraphNode): number {
  return Math.max(1, neighbours.length)
}
