import type { ReportData } from '../report-data'
import { button, element, emptyState, section } from './dom'
import { clock, count } from './format'
import { buildGraph, type GraphModel, type GraphNode, momentOf } from './graph-model'
import { GraphView } from './graph-view'
import type { Player } from './player'

const kindNames = { category: 'Category', memory: 'Memory', entity: 'Entity' }
const mostNeighbours = 40

/** Creates the memory graph: the drawing, a field to find a node, and the panel of the chosen node. */
export function createGraphSection(data: ReportData, player: Player): HTMLElement {
  const lead = 'Memories around their categories, and the people, places and things they speak of.'
  const model = buildGraph(data)
  if (model.nodes.length === 0) {
    return section('graph', 'Memory graph', lead, emptyState('The graph is empty: nothing was stored in this run.'))
  }
  const size = describeSize(model)
  const canvas = element(
    'canvas',
    { attributes: { tabindex: 0, role: 'img', 'aria-label': `Memory graph: ${size}` } },
    'The drawn memory graph.',
  )
  const panel = element('div', { class: 'graph-panel', attributes: { 'aria-live': 'polite' } })
  const view = new GraphView(canvas, model, (node) => {
    showNode(panel, node, model, view, player, size)
    const seconds = node && momentOf(node)
    if (seconds !== undefined) player.seek(seconds)
  })
  showNode(panel, undefined, model, view, player, size)
  const frame = element('div', { class: 'graph-frame' }, canvas, createZoom(view), createLegend())
  const body = element('div', { class: 'graph-body' }, frame, element('div', {}, createFinder(model, view), panel))
  return section('graph', 'Memory graph', lead, body)
}

function describeSize({ nodes, links, total }: GraphModel): string {
  const size = `${count(nodes.length, 'node')}, ${count(links.length, 'link')}`
  return total > nodes.length ? `${size}: the best connected of ${count(total, 'node')}` : size
}

function createZoom(view: GraphView): HTMLElement {
  const make = (sign: string, label: string, action: () => void): HTMLElement =>
    button(sign, action, { attributes: { 'aria-label': label, title: label } })
  return element(
    'div',
    { class: 'graph-zoom' },
    make('+', 'Zoom in', () => view.zoom(1.4)),
    make('−', 'Zoom out', () => view.zoom(1 / 1.4)),
    make('Fit', 'Show the whole graph', () => view.fit()),
  )
}

function createLegend(): HTMLElement {
  const kinds = Object.entries(kindNames).map(([kind, name]) => element('span', { class: `key-${kind}` }, name))
  return element('p', { class: 'legend graph-legend', attributes: { 'aria-hidden': 'true' } }, ...kinds)
}

function createFinder(model: GraphModel, view: GraphView): HTMLElement {
  const input = element('input', {
    attributes: {
      type: 'search',
      list: 'graph-nodes',
      placeholder: 'Find in the graph',
      'aria-label': 'Find in the graph',
    },
  })
  const find = (): void => {
    const wanted = input.value.trim().toLowerCase()
    if (!wanted) return
    const node =
      model.nodes.find(({ label }) => label.toLowerCase() === wanted) ??
      model.nodes.find(({ label }) => label.toLowerCase().includes(wanted))
    if (node) view.select(node, { centre: true })
  }
  input.addEventListener('change', find)
  const labels = [...new Set(model.nodes.map(({ label }) => label))].slice(0, 500)
  const options = labels.map((label) => element('option', { attributes: { value: label } }))
  return element(
    'div',
    { class: 'graph-find' },
    input,
    element('datalist', { attributes: { id: 'graph-nodes' } }, ...options),
  )
}

function showNode(
  panel: HTMLElement,
  node: GraphNode | undefined,
  model: GraphModel,
  view: GraphView,
  player: Player,
  size: string,
): void {
  if (!node) {
    const hint = 'Choose a node to see what it is tied to. Drag to move; pinch, or click and use the wheel, to zoom.'
    panel.replaceChildren(element('p', { class: 'graph-size' }, size), element('p', { class: 'muted' }, hint))
    return
  }
  const seconds = momentOf(node)
  const moment =
    seconds === undefined ? undefined : button(clock(seconds), () => player.seek(seconds), { class: 'time' })
  const heading = element('p', { class: 'graph-kind' }, kindNames[node.kind])
  if (moment) heading.append(moment)
  panel.replaceChildren(
    heading,
    element('p', { class: node.kind === 'memory' ? 'graph-text' : 'graph-name' }, node.label),
    createNeighbours(node, model, view),
  )
}

function createNeighbours(node: GraphNode, model: GraphModel, view: GraphView): HTMLElement {
  const links = model.links.filter(({ source, target }) => source === node || target === node)
  const items = links.slice(0, mostNeighbours).map(({ source, target, label }) => {
    const other = source === node ? target : source
    const predicate = label
      ? element('span', { class: 'predicate' }, source === node ? `${label} ` : `← ${label} `)
      : undefined
    const choose = button(other.label, () => view.select(other, { centre: true }), { class: 'link' })
    return element('li', { class: `key-${other.kind}` }, predicate, choose)
  })
  if (links.length > mostNeighbours) items.push(element('li', {}, `and ${links.length - mostNeighbours} more`))
  return element('ul', { class: 'neighbours' }, ...items)
}
