import type { ReportGateDecision } from '../report-data'
import { element, svg } from './dom'
import { clock, score, words } from './format'
import { type ChartFrame, createAxes, createScales, dots, steps } from './gate-scales'
import { lastAtOrBefore, type Player } from './player'

/** Creates the chart: hover or arrow keys read a decision, a click or Enter goes to its moment. */
export function createGateChart(gate: readonly ReportGateDecision[], player: Player): HTMLElement {
  const tip = element('div', { class: 'tip', attributes: { role: 'status' } })
  tip.hidden = true
  const chart = element('div', { class: 'chart', attributes: { tabindex: 0, role: 'application' } }, tip)
  let frame: ChartFrame | undefined
  let pointed = -1
  const draw = (): void => {
    frame = createScales(gate, player.range, Math.max(280, chart.clientWidth))
    chart.querySelector('svg')?.remove()
    chart.prepend(drawChart(gate, frame))
    showMoment()
  }
  const point = (index: number): void => {
    pointed = index
    const decision = gate[index]
    if (!frame || !decision) return
    const [x, y] = [frame.x(decision.seconds), frame.y(decision.score)]
    const ring = chart.querySelector('.ring')
    ring?.setAttribute('cx', String(x))
    ring?.setAttribute('cy', String(y))
    ring?.setAttribute('visibility', 'visible')
    showTip(tip, decision, x, y, frame.width)
  }
  const hide = (): void => {
    tip.hidden = true
    chart.querySelector('.ring')?.setAttribute('visibility', 'hidden')
  }
  const showMoment = (): void => {
    const x = String(frame?.x(player.seconds) ?? 0)
    const cursor = chart.querySelector('.cursor')
    cursor?.setAttribute('x1', x)
    cursor?.setAttribute('x2', x)
  }
  const go = (): void => {
    const decision = gate[pointed]
    if (decision) player.seek(decision.seconds)
  }
  chart.addEventListener('pointermove', (event) => {
    const box = chart.getBoundingClientRect()
    if (frame) point(nearest(gate, frame, event.clientX - box.left, event.clientY - box.top))
  })
  chart.addEventListener('pointerleave', hide)
  chart.addEventListener('blur', hide)
  chart.addEventListener('click', go)
  chart.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') go()
    else if (event.key === 'Escape') hide()
    else if (event.key === 'ArrowRight') point(Math.min(gate.length - 1, pointed + 1))
    else if (event.key === 'ArrowLeft') point(Math.max(0, pointed - 1))
    else return
    event.preventDefault()
  })
  new ResizeObserver(draw).observe(chart)
  player.watch(showMoment)
  return chart
}

function drawChart(gate: readonly ReportGateDecision[], frame: ChartFrame): SVGSVGElement {
  const { width, height } = frame
  return svg(
    'svg',
    { attributes: { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' } },
    createAxes(frame),
    svg('path', { class: 'let-go', attributes: { d: dots(gate, frame, false) } }),
    svg('path', { class: 'threshold', attributes: { d: steps(gate, frame) } }),
    svg('path', { class: 'kept', attributes: { d: dots(gate, frame, true) } }),
    svg('line', { class: 'cursor', attributes: { y1: frame.top, y2: frame.bottom } }),
    svg('circle', { class: 'ring', attributes: { r: 8, visibility: 'hidden' } }),
  )
}

function nearest(gate: readonly ReportGateDecision[], frame: ChartFrame, x: number, y: number): number {
  const seconds = frame.secondsAt(x)
  const middle = Math.max(0, lastAtOrBefore(gate, seconds))
  let best = middle
  let least = Infinity
  for (let index = Math.max(0, middle - 200); index < Math.min(gate.length, middle + 200); index++) {
    const { seconds: at, score: value } = gate[index]!
    const distance = Math.hypot((frame.x(at) - x) * 1.6, frame.y(value) - y)
    if (distance < least) [best, least] = [index, distance]
  }
  return best
}

function showTip(tip: HTMLElement, decision: ReportGateDecision, x: number, y: number, width: number): void {
  const { seconds, text, remember, category, threshold } = decision
  tip.replaceChildren(
    element('p', { class: 'tip-text' }, text),
    element(
      'p',
      { class: remember ? 'verdict kept' : 'verdict' },
      `${remember ? 'Remembered' : 'Let go'}: ${words(category)}`,
    ),
    element(
      'p',
      { class: 'muted' },
      `${clock(seconds)} · score ${score(decision.score)}, threshold ${score(threshold)}`,
    ),
  )
  tip.hidden = false
  const half = tip.offsetWidth / 2
  tip.style.left = `${Math.min(width - half, Math.max(half, x))}px`
  tip.style.top = `${y}px`
  tip.classList.toggle('below', y < tip.offsetHeight + 16)
}
