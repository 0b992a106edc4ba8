import type { ReportGateDecision } from '../report-data'
import { svg } from './dom'
import { clock, score } from './format'
import type { TimeRange } from './player'

/** The frame a chart is drawn in: pixels, and how seconds and scores map to them. */
export interface ChartFrame {
  readonly width: number
  readonly height: number
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
  readonly range: TimeRange
  readonly lowest: number
  readonly highest: number
  readonly x: (seconds: number) => number
  /** A score without a value lies on the bottom line. */
  readonly y: (value: number) => number
  readonly secondsAt: (x: number) => number
}

/** Fits the scores and thresholds into a frame, with a little room above and below. */
export function createScales(gate: readonly ReportGateDecision[], range: TimeRange, width: number): ChartFrame {
  const height = width < 560 ? 220 : 280
  const [top, bottom, left, right] = [14, height - 28, 40, width - 10]
  let [lowest, highest] = [Infinity, -Infinity]
  for (const value of gate.flatMap((decision) => [decision.score, decision.threshold])) {
    if (!Number.isFinite(value)) continue
    lowest = Math.min(lowest, value)
    highest = Math.max(highest, value)
  }
  if (lowest > highest) [lowest, highest] = [0, 1]
  const room = (highest - lowest || 1) * 0.08
  lowest -= room
  highest += room
  const span = range.end - range.start
  return {
    width,
    height,
    top,
    bottom,
    left,
    right,
    range,
    lowest,
    highest,
    x: (seconds) => left + ((seconds - range.start) / span) * (right - left),
    y: (value) => (Number.isFinite(value) ? bottom - ((value - lowest) / (highest - lowest)) * (bottom - top) : bottom),
    secondsAt: (x) => range.start + ((x - left) / (right - left)) * span,
  }
}

/** Draws the axes with round numbers. */
export function createAxes(frame: ChartFrame): SVGGElement {
  const group = svg('g', { class: 'axes' })
  for (const value of ticks(frame.lowest, frame.highest, 5)) {
    const y = frame.y(value)
    group.append(
      svg('line', { attributes: { x1: frame.left, x2: frame.right, y1: y, y2: y } }),
      svg('text', { attributes: { x: frame.left - 8, y: y + 4, 'text-anchor': 'end' } }, score(value)),
    )
  }
  for (const seconds of timeTicks(frame.range, frame.width < 560 ? 4 : 8)) {
    group.append(
      svg(
        'text',
        { attributes: { x: frame.x(seconds), y: frame.height - 8, 'text-anchor': 'middle' } },
        clock(seconds),
      ),
    )
  }
  return group
}

/** Writes all decisions of one kind as one path of dots, so that thousands stay light. */
export function dots(gate: readonly ReportGateDecision[], frame: ChartFrame, remember: boolean): string {
  const radius = gate.length > 1500 ? 1.8 : gate.length > 400 ? 2.6 : 4
  return gate
    .filter((decision) => decision.remember === remember)
    .map(({ seconds, score: value }) => circle(frame.x(seconds), frame.y(value), radius))
    .join('')
}

/** Writes the threshold as a path of steps: it may change during a run. */
export function steps(gate: readonly ReportGateDecision[], frame: ChartFrame): string {
  const first = gate[0]
  if (!first) return ''
  let path = `M${frame.left},${round(frame.y(first.threshold))}`
  let before = first.threshold
  for (const { seconds, threshold } of gate) {
    if (threshold === before) continue
    path += `H${round(frame.x(seconds))}V${round(frame.y(threshold))}`
    before = threshold
  }
  return `${path}H${frame.right}`
}

/** Chooses about `amount` round numbers within bounds. */
export function ticks(lowest: number, highest: number, amount: number): number[] {
  const rough = (highest - lowest) / amount
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.ceil(lowest / step)
  const last = Math.floor(highest / step)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  )
}

function timeTicks({ start, end }: TimeRange, amount: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400]
  const step = steps.find((size) => (end - start) / size <= amount) ?? 28800
  const first = Math.ceil(start / step)
  return Array.from({ length: Math.floor(end / step) - first + 1 }, (_, index) => (first + index) * step)
}

function circle(x: number, y: number, radius: number): string {
  const diameter = 2 * radius
  return `M${round(x - radius)},${round(y)}a${radius},${radius} 0 1,0 ${diameter},0a${radius},${radius} 0 1,0 ${-diameter},0`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
