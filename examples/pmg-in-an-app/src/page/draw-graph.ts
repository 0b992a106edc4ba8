import type { MemoryGraph } from '@perstream/pmg'

type Entities = ReturnType<MemoryGraph['entities']>
type Relations = ReturnType<MemoryGraph['relations']>

interface Point {
  x: number
  y: number
}

const size = 600
const drawnAtMost = 40
const rounds = 300

/** Draws the things that most memories speak of, and what relates them. */
export function drawGraph(svg: SVGSVGElement, entities: Entities, relations: Relations): void {
  const drawn = [...entities].sort((a, b) => b.memories.length - a.memories.length).slice(0, drawnAtMost)
  const index = new Map(drawn.map(({ id }, i) => [id, i]))
  const edges = relations.flatMap(({ subject, predicate, object }) => {
    const [from, to] = [index.get(subject), index.get(object)]
    return from === undefined || to === undefined || from === to ? [] : [{ from, to, predicate }]
  })
  const points = layOut(drawn.length, edges)
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`)
  svg.replaceChildren(
    ...edges.flatMap(({ from, to, predicate }) => edge(points[from]!, points[to]!, predicate)),
    ...drawn.flatMap(({ label, memories }, i) => node(points[i]!, label, memories.length)),
  )
  svg.toggleAttribute('hidden', drawn.length === 0)
}

function edge(a: Point, b: Point, predicate: string): SVGElement[] {
  const line = make('line', { x1: a.x, y1: a.y, x2: b.x, y2: b.y })
  return [line, label((a.x + b.x) / 2, (a.y + b.y) / 2, predicate, 'predicate')]
}

function node({ x, y }: Point, text: string, memories: number): SVGElement[] {
  const radius = 4 + 2 * Math.sqrt(memories)
  return [make('circle', { cx: x, cy: y, r: radius }), label(x, y - radius - 4, text, 'label')]
}

function label(x: number, y: number, text: string, kind: string): SVGElement {
  const made = make('text', { x, y, class: kind })
  made.textContent = text.length > 28 ? `${text.slice(0, 27)}…` : text
  return made
}

function make(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes))
    made.setAttribute(name, typeof value === 'number' ? value.toFixed(1) : value)
  return made
}

/** Fruchterman and Reingold: all push each other off, edges pull, ever less. Begins on a circle, so that the same graph looks the same. */
function layOut(count: number, edges: readonly { from: number; to: number }[]): Point[] {
  const middle = size / 2
  const ideal = (0.6 * size) / Math.sqrt(Math.max(count, 4))
  const points = Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count
    return { x: middle + 0.35 * size * Math.cos(angle), y: middle + 0.35 * size * Math.sin(angle) }
  })
  for (let round = 0; round < rounds; round++) {
    const pull = points.map(({ x, y }) => ({ x: (middle - x) * 0.9, y: (middle - y) * 0.9 }))
    for (let i = 0; i < count; i++)
      for (let j = 0; j < i; j++) push(pull, points, i, j, (distance) => (ideal * ideal) / distance)
    for (const { from, to } of edges) push(pull, points, from, to, (distance) => (-distance * distance) / ideal)
    const step = 0.06 * size * (1 - round / rounds)
    for (const [i, point] of points.entries()) move(point, pull[i]!, step)
  }
  return points
}

function push(
  pull: Point[],
  points: readonly Point[],
  i: number,
  j: number,
  force: (distance: number) => number,
): void {
  const [dx, dy] = [points[i]!.x - points[j]!.x, points[i]!.y - points[j]!.y]
  const distance = Math.max(1, Math.hypot(dx, dy))
  const share = force(distance) / distance
  pull[i]!.x += dx * share
  pull[i]!.y += dy * share
  pull[j]!.x -= dx * share
  pull[j]!.y -= dy * share
}

function move(point: Point, pull: Point, step: number): void {
  const share = Math.min(step / Math.max(1e-9, Math.hypot(pull.x, pull.y)), 1)
  const [margin, top] = [80, 30]
  point.x = Math.min(size - margin, Math.max(margin, point.x + pull.x * share))
  point.y = Math.min(size - 10, Math.max(top, point.y + pull.y * share))
}
