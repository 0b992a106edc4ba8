import type { GraphNode } from './graph-model'

/** Maps the layout to the screen: screen = layout × scale + (x, y), in CSS pixels. */
export class GraphCamera {
  scale = 1
  x = 0
  y = 0

  /** Moves the view by screen pixels. */
  pan(dx: number, dy: number): void {
    this.x += dx
    this.y += dy
  }

  /** Zooms by a factor around a point of the screen. */
  zoom(factor: number, screenX: number, screenY: number): void {
    const scale = Math.min(8, Math.max(0.05, this.scale * factor))
    const ratio = scale / this.scale
    this.x = screenX - (screenX - this.x) * ratio
    this.y = screenY - (screenY - this.y) * ratio
    this.scale = scale
  }

  /** Shows all nodes, at most at 1.6 times their size. */
  fit(nodes: readonly GraphNode[], width: number, height: number): void {
    if (nodes.length === 0) return
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity]
    for (const { x, y, radius } of nodes) {
      left = Math.min(left, x - radius)
      right = Math.max(right, x + radius)
      top = Math.min(top, y - radius)
      bottom = Math.max(bottom, y + radius)
    }
    const margin = Math.min(60, width / 7)
    const room = Math.min((width - 2 * margin) / (right - left || 1), (height - 2 * margin) / (bottom - top || 1))
    this.scale = Math.min(1.6, Math.max(0.05, room))
    this.x = width / 2 - ((left + right) / 2) * this.scale
    this.y = height / 2 - ((top + bottom) / 2) * this.scale
  }

  /** Brings a node to the middle, close enough to read it. */
  centre(node: GraphNode, width: number, height: number): void {
    this.scale = Math.max(this.scale, 0.9)
    this.x = width / 2 - node.x * this.scale
    this.y = height / 2 - node.y * this.scale
  }

  /** Finds the node under a point of the screen, a few pixels of slack included. */
  hit(nodes: readonly GraphNode[], screenX: number, screenY: number): GraphNode | undefined {
    const [x, y] = [(screenX - this.x) / this.scale, (screenY - this.y) / this.scale]
    const slack = 6 / this.scale
    let best: GraphNode | undefined
    let least = 0
    for (const node of nodes) {
      const distance = Math.hypot(node.x - x, node.y - y) - node.radius - slack
      if (distance < least) [best, least] = [node, distance]
    }
    return best
  }
}
