import type { GraphCamera } from './graph-camera'
import type { GraphLink, GraphModel, GraphNode } from './graph-model'

/** What of the graph stands out. */
interface GraphFocus {
  readonly selected: GraphNode | undefined
  readonly hovered: GraphNode | undefined
}

interface Colours {
  readonly ink: string
  readonly muted: string
  readonly line: string
  readonly accent: string
  readonly surface: string
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const longestLabel = 34

/** Draws the graph on a canvas in the page's colours; sizes are CSS pixels. */
export function paintGraph(canvas: HTMLCanvasElement, model: GraphModel, camera: GraphCamera, focus: GraphFocus): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const density = canvas.width / Math.max(1, canvas.clientWidth)
  const colours = readColours(canvas)
  const centre = focus.hovered ?? focus.selected
  const near = centre ? new Set([centre, ...centre.neighbours]) : undefined
  context.setTransform(density, 0, 0, density, 0, 0)
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight)
  context.save()
  context.translate(camera.x, camera.y)
  context.scale(camera.scale, camera.scale)
  paintLinks(context, model.links, colours, centre, camera.scale)
  for (const node of model.nodes) paintNode(context, node, colours, !near || near.has(node), camera.scale)
  if (focus.selected) paintRing(context, focus.selected, colours, camera.scale)
  context.restore()
  paintLabels(context, model, camera, colours, near, canvas)
  if (centre) paintPredicates(context, model.links, camera, colours, centre)
}

function paintLinks(
  context: CanvasRenderingContext2D,
  links: readonly GraphLink[],
  colours: Colours,
  centre: GraphNode | undefined,
  scale: number,
): void {
  const quiet = new Path2D()
  const strong = new Path2D()
  for (const { source, target, kind } of links) {
    const touches = centre ? source === centre || target === centre : kind === 'relation'
    const path = touches ? strong : quiet
    path.moveTo(source.x, source.y)
    path.lineTo(target.x, target.y)
  }
  context.lineWidth = Math.max(0.4, 1 / scale) * 0.9
  context.strokeStyle = colours.line
  const density = Math.min(1, Math.max(0.25, 800 / links.length))
  context.globalAlpha = density * (centre ? 0.35 : 1)
  context.stroke(quiet)
  context.globalAlpha = centre ? 0.9 : 0.55 * density
  context.strokeStyle = centre ? colours.accent : colours.muted
  context.stroke(strong)
  context.globalAlpha = 1
}

function paintNode(
  context: CanvasRenderingContext2D,
  { kind, x, y, radius }: GraphNode,
  colours: Colours,
  clear: boolean,
  scale: number,
): void {
  context.globalAlpha = clear ? 1 : 0.18
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fillStyle = kind === 'memory' ? colours.accent : kind === 'category' ? colours.ink : colours.surface
  context.fill()
  if (kind === 'entity') {
    context.lineWidth = Math.min(1.6, 1.3 / scale)
    context.strokeStyle = colours.ink
    context.stroke()
  }
  context.globalAlpha = 1
}

function paintRing(
  context: CanvasRenderingContext2D,
  { x, y, radius }: GraphNode,
  colours: Colours,
  scale: number,
): void {
  context.beginPath()
  context.arc(x, y, radius + 5 / scale, 0, 2 * Math.PI)
  context.lineWidth = 2 / scale
  context.strokeStyle = colours.accent
  context.stroke()
}

// The most important labels first; one that would cover another is left out.
function paintLabels(
  context: CanvasRenderingContext2D,
  model: GraphModel,
  camera: GraphCamera,
  colours: Colours,
  near: ReadonlySet<GraphNode> | undefined,
  canvas: HTMLCanvasElement,
): void {
  const family = getComputedStyle(canvas).fontFamily
  const few = model.nodes.length <= 80
  const candidates = near
    ? [...near]
    : model.nodes.filter((node) => node.kind !== 'memory' && isLarge(node, camera, few))
  const fixed = near ? [] : model.nodes.filter(({ kind }) => kind === 'category')
  const placed: Box[] = fixed.map((node) => boxOf(node, camera))
  context.lineJoin = 'round'
  for (const node of candidates.sort(near ? () => 0 : byImportance)) {
    const [x, y] = [node.x * camera.scale + camera.x, node.y * camera.scale + camera.y]
    if (x < -80 || y < -20 || x > canvas.clientWidth + 80 || y > canvas.clientHeight + 20) continue
    context.font = `${node.kind === 'category' ? '600 13px' : '12px'} ${family}`
    const label = shorten(node.label)
    const half = context.measureText(label).width / 2
    const below = y + node.radius * camera.scale + 13
    const box = { left: x - half - 4, right: x + half + 4, top: below - 12, bottom: below + 4 }
    if (placed.some((other) => overlaps(box, other))) continue
    placed.push(box)
    context.textAlign = 'center'
    context.lineWidth = 4
    context.strokeStyle = colours.surface
    context.strokeText(label, x, below)
    context.fillStyle = node.kind === 'category' ? colours.ink : colours.muted
    context.fillText(label, x, below)
  }
}

function paintPredicates(
  context: CanvasRenderingContext2D,
  links: readonly GraphLink[],
  camera: GraphCamera,
  colours: Colours,
  centre: GraphNode,
): void {
  context.textAlign = 'center'
  context.font = context.font.replace(/^.*?px/, 'italic 11px')
  for (const { source, target, label } of links) {
    if (!label || (source !== centre && target !== centre)) continue
    const length = Math.hypot(source.x - target.x, source.y - target.y) - source.radius - target.radius
    if (length * camera.scale < context.measureText(label).width + 12) continue
    const x = ((source.x + target.x) / 2) * camera.scale + camera.x
    const y = ((source.y + target.y) / 2) * camera.scale + camera.y
    context.lineWidth = 4
    context.strokeStyle = colours.surface
    context.strokeText(label, x, y + 4)
    context.fillStyle = colours.accent
    context.fillText(label, x, y + 4)
  }
}

function boxOf({ x, y, radius }: GraphNode, { scale, x: left, y: top }: GraphCamera): Box {
  const [centreX, centreY, half] = [x * scale + left, y * scale + top, radius * scale - 1]
  return { left: centreX - half, right: centreX + half, top: centreY - half, bottom: centreY + half }
}

function isLarge({ kind, radius }: GraphNode, { scale }: GraphCamera, few: boolean): boolean {
  return kind === 'category' || (few ? scale > 0.45 : radius * scale > 7)
}

function byImportance(a: GraphNode, b: GraphNode): number {
  const rank = (node: GraphNode): number => (node.kind === 'category' ? 1000 : 0) + node.neighbours.length
  return rank(b) - rank(a)
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

function shorten(label: string): string {
  return label.length > longestLabel ? `${label.slice(0, longestLabel - 1).trimEnd()}…` : label
}

function readColours(canvas: HTMLCanvasElement): Colours {
  const style = getComputedStyle(canvas)
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    ink: read('ink'),
    muted: read('muted'),
    line: read('line-strong'),
    accent: read('accent'),
    surface: read('surface'),
  }
}
