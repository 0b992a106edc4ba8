import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import type { BenchResult } from './result'

/** A point of a line with its interval. */
interface Point {
  readonly strategy: string
  readonly budget: number
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Draws what was found: SVG by file name. */
export async function plotsOf({ sets, visual }: BenchResult): Promise<Map<string, string>> {
  const plots = new Map<string, string>()
  for (const { name, encoder, budgetOf, rows } of sets) {
    const points = rows.map(({ strategy, budget, recall5, recall5Interval: [low, high] }) => ({
      ...{ strategy, budget, value: recall5, low, high },
    }))
    const title = `${name}, ${encoder}: recall@5 by budget`
    plots.set(fileName(name, encoder, budgetOf), await svgOf(points, { title, value: 'recall@5', budget: budgetOf }))
  }
  if (visual) {
    const points = visual.rows.map(({ strategy, budget, hitRate, interval: [low, high] }) => ({
      ...{ strategy, budget, value: hitRate, low, high },
    }))
    const words = { title: 'Later views that find their place', value: 'hit rate', budget: 'grids and texts' }
    plots.set('visual.svg', await svgOf(points, words))
  }
  return plots
}

function fileName(...parts: readonly string[]): string {
  const words =
    parts
      .join(' ')
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? []
  return `${words.join('-')}.svg`
}

async function svgOf(points: readonly Point[], words: PlotWords): Promise<string> {
  const view = new View(parse(compile(specOf(points, words)).spec), { renderer: 'none' })
  try {
    return await view.toSVG()
  } finally {
    view.finalize()
  }
}

interface PlotWords {
  readonly title: string
  readonly value: string
  readonly budget: string
}

/** Lines with whiskers; the budget on a logarithmic scale, the whole memory at the left. */
function specOf(points: readonly Point[], { title, value, budget }: PlotWords): TopLevelSpec {
  const values = points.map((point) => ({ ...point, percent: Number((100 * point.budget).toPrecision(3)) }))
  const ticks = [...new Set(values.map(({ percent }) => percent))]
  const strategies = [...new Set(points.map(({ strategy }) => strategy))]
  const x = {
    field: 'percent',
    type: 'quantitative',
    scale: { type: 'log', reverse: true },
    axis: { values: ticks, title: `budget: % of the bytes of ${budget}`, grid: false },
  } as const
  const color = {
    field: 'strategy',
    type: 'nominal',
    sort: null,
    scale: { domain: strategies, scheme: 'tableau10' },
    legend: { symbolOpacity: 1, symbolType: 'stroke', symbolStrokeWidth: 3 },
  } as const
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    ...{ title, width: 560, height: 300, background: 'white' },
    data: { values },
    layer: [
      {
        mark: { type: 'rule', opacity: 0.25 },
        encoding: { x, color, y: { field: 'low', type: 'quantitative' }, y2: { field: 'high' } },
      },
      {
        mark: { type: 'line', point: true },
        encoding: {
          ...{ x, color },
          strokeDash: {
            field: 'strategy',
            type: 'nominal',
            scale: { domain: strategies, range: strategies.map((name) => (isBound(name) ? [4, 4] : [1, 0])) },
          },
          y: { field: 'value', type: 'quantitative', title: value, scale: { domain: [0, 1] } },
        },
      },
    ],
  }
}

/** What no one could use, or would. */
function isBound(strategy: string): boolean {
  return strategy === 'oracle' || strategy === 'random'
}
