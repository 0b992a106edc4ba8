import type { Granularity } from '@perstream/spec'
import type { BenchResult, SetReport } from './result'
import type { SummaryRow } from './summary'

/** All that a run found, as Markdown. The same seed gives the same text, but for the section on times. */
export function markdownOf(result: BenchResult): string {
  const { sets, visual, periods, notes, times, seed } = result
  return [
    '# bench:reduction',
    `Seed ${seed}. Intervals hold 95 % (bootstrap over the questions; paired where two strategies are compared).`,
    ...sets.flatMap(setSection),
    ...(visual
      ? [
          '## Visual hit rate',
          `${visual.features}. Clips of seeds ${visual.clips.join(', ')}: ${visual.memories} memories, ${visual.queries} later views; by lot ${percent(visual.chance)} would be hit.`,
          grid(visual.rows, (row) => `${row.hitRate.toFixed(2)} (${interval(row.interval)})`),
        ]
      : []),
    ...periods.flatMap(({ name, encoder, tableFive, rows }) => [
      `## Periods: ${name}, ${encoder}`,
      'Of the questions up to a period, asked again in each: recall@5, MRR, how many.',
      ['```', ...tableFive, '```'].join('\n'),
      'All strategies, all users:',
      grid(
        rows.filter(({ user }) => user === 'all').map((row) => ({ ...row, column: `period ${row.period}` })),
        ({ recall5, reciprocalRank, questions }) =>
          recall5 === undefined ? 'N/A' : `${recall5.toFixed(2)}, ${reciprocalRank!.toFixed(2)} (${questions})`,
      ),
    ]),
    '## Notes',
    notes.map((note) => `- ${note}`).join('\n'),
    '## Times',
    `Not the same in two runs. ${times.machine}. Milliseconds to list the parts, to plan, and to apply in a graph in memory, down to a tenth of texts and vectors.`,
    table(
      ['strategy', 'memories', 'list', 'plan', 'apply', 'together'],
      times.speed.map(({ strategy, memories, list, plan, apply }) => [
        ...[strategy, String(memories)],
        ...[list, plan, apply, list + plan + apply].map((value) => value.toFixed(1)),
      ]),
    ),
    ...(times.sets.length === 0
      ? []
      : [
          'Medians over the reductions of a set:',
          table(
            ['set', 'budgets of', 'strategy', 'plan', 'apply'],
            times.sets.map(({ set, budgetOf, strategy, plan, apply }) => [
              ...[set, budgetOf, strategy],
              ...[plan, apply].map((value) => value.toFixed(2)),
            ]),
          ),
        ]),
  ].join('\n\n')
}

function setSection({ name, encoder, memories, questions, warmedBy, budgetOf, rows }: SetReport): string[] {
  const budgets = rows.filter(({ strategy }) => strategy === rows[0]!.strategy)
  return [
    `## ${name}, ${encoder}: budgets of ${budgetOf}`,
    `${memories}, ${questions} questions. Asked beforehand, so that what they find is warm: ${warmedBy}.`,
    'Recall@5:',
    grid(rows, ({ recall5, recall5Interval }) => `${recall5.toFixed(2)} (${interval(recall5Interval)})`),
    'MRR:',
    grid(rows, ({ reciprocalRank }) => reciprocalRank.toFixed(2)),
    'Recall@5 less that of NSBG | GSBN, 95 %:',
    grid(
      rows.filter(({ budget }) => budget <= 0.25),
      ({ overNsbg, overGsbn }) => `${signed(overNsbg)} \\| ${signed(overGsbn)}`,
    ),
    `Bytes: ${budgets.map(({ budget, bytesBefore, bytesAfter }) => `${percent(budget)} ${kib(budget === 1 ? bytesBefore : bytesAfter)}`).join(', ')} (${rows[0]!.strategy}). Left, as parts and as bytes:`,
    grid(rows, leftText),
  ]
}

const names: Readonly<Record<Granularity, string>> = {
  nearestGrid: 'nearest',
  meanGrid: 'mean',
  embedding: 'v',
  text: 'M',
}

function leftText({ left }: SummaryRow): string {
  return Object.entries(left)
    .map(([name, { parts, bytes }]) => `${names[name as Granularity]} ${percent(parts)}/${percent(bytes)}`)
    .join(', ')
}

/** One line a strategy, one column a budget. */
function grid<Row extends { readonly strategy: string; readonly budget?: number; readonly column?: string }>(
  rows: readonly Row[],
  cell: (row: Row) => string,
): string {
  const columnOf = (row: Row) => row.column ?? percent(row.budget!)
  const columns = [...new Set(rows.map(columnOf))]
  const strategies = [...new Set(rows.map(({ strategy }) => strategy))]
  const at = (strategy: string, column: string) =>
    rows.find((row) => row.strategy === strategy && columnOf(row) === column)
  const lines = strategies.map((strategy) => [
    strategy,
    ...columns.map((column) => {
      const row = at(strategy, column)
      return row ? cell(row) : ''
    }),
  ])
  return table(['strategy', ...columns], lines)
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = head.map(() => '---')
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** A share as a percentage, three digits at most. */
function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`
}

function interval([low, high]: readonly [number, number]): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`
}

function signed(found: readonly [number, number] | undefined): string {
  if (!found) return 'same'
  return found.map((value) => `${value < 0 ? '' : '+'}${value.toFixed(2)}`).join(' to ')
}

function kib(bytes: number): string {
  return `${Number((bytes / 1024).toPrecision(3))} KiB`
}
