import { createLite } from '@perstream/lite'
import type { TextEncoder } from '@perstream/spec'
import { average } from '@perstream-benchmarks/suite/recall/metrics'
import { cachedDemoClip } from '@perstream-examples/demo'
import type { BenchContext } from '../context'
import type { BenchOptions } from '../options'
import type { NamedStrategy } from '../strategies/named-strategy'
import { measureVisual, type VisualResult } from './measure-visual'
import { type Views, viewsOf } from './views'

/** What is asked for, and where. */
export interface VisualPart {
  readonly options: BenchOptions
  readonly context: BenchContext
  readonly strategies: readonly NamedStrategy[]
  readonly text: TextEncoder
  /** Where it is told what could not be measured. */
  readonly notes: string[]
}

/** Visual hits on rendered clips; undefined, with a note, where no model makes grids. */
export async function visualPart(part: VisualPart): Promise<VisualResult | undefined> {
  const { options, context, strategies, text, notes } = part
  const { signal, progress } = context
  await using lite = await createLite({ signal })
  if (!lite.vision) {
    notes.push(`visual hits were not measured: ${lite.missing.join('; ')}`)
    return undefined
  }
  const clips = options.isQuick ? [options.seed] : Array.from({ length: 4 }, (_, i) => options.seed + i)
  progress.begin('visual: clips', clips.length)
  const views: Views[] = []
  for (const seed of clips) {
    views.push(await viewsOf(await cachedDemoClip({ seed, ...(signal && { signal }) }), seed, lite.vision, signal))
    progress.step()
  }
  const usable = strategies.filter(({ name }) => name !== 'oracle')
  const rows = await measureVisual(views, {
    ...{ strategies: usable, budgets: options.gridBudgets, text, signal },
  })
  const { rows: height, columns, dimensions, space } = views[0]!.first[0]!.mean
  return {
    features: `Grids of ${height} x ${columns} x ${dimensions} by ${space}, as \`perstream run --grids\` keeps them`,
    clips,
    memories: views.reduce((sum, { first }) => sum + first.length, 0),
    queries: views.reduce((sum, { later }) => sum + later.length, 0),
    chance: average(views.flatMap(chancesOf)),
    rows,
  }
}

/** For each later view, the share of memories that are of its place. */
function chancesOf({ first, later }: Views): number[] {
  return later.map(({ place }) => first.filter((view) => view.place === place).length / first.length)
}
