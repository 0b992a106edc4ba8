import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force'
import type { GraphLink, GraphModel, GraphNode } from './graph-model'

/** Lays a graph out step by step. */
export interface GraphLayout {
  /** Works for about so many milliseconds; false once the layout is settled. */
  readonly advance: (milliseconds: number) => boolean
}

const linkLengths = { category: 42, mention: 34, relation: 64 }

/** Creates a force layout (d3-force) of the model's nodes; it moves their x and y. */
export function createLayout({ nodes, links }: GraphModel): GraphLayout {
  const crowd = nodes.length > 400
  const simulation = forceSimulation<GraphNode>(nodes)
    .force(
      'link',
      forceLink<GraphNode, { source: GraphNode; target: GraphNode; kind: GraphLink['kind'] }>(
        links.map(({ source, target, kind }) => ({ source, target, kind })),
      )
        .distance(({ source, target, kind }) => linkLengths[kind] + source.radius + target.radius)
        .strength(({ kind, source, target }) =>
          kind === 'mention' ? 0.12 : 0.7 / Math.min(degree(source), degree(target)),
        ),
    )
    .force(
      'charge',
      forceManyBody<GraphNode>()
        .strength(crowd ? -45 : -140)
        .distanceMax(crowd ? 400 : 700)
        .theta(1),
    )
    .force(
      'collide',
      forceCollide<GraphNode>().radius(({ radius }) => radius + (crowd ? 1.5 : 5)),
    )
    .force('x', forceX<GraphNode>().strength(crowd ? 0.06 : 0.045))
    .force('y', forceY<GraphNode>().strength(crowd ? 0.08 : 0.07))
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
