import type { ReductionReport } from '@perstream/reduction'
import type { Granularity, Memory } from '@perstream/spec'
import type { CommandContext } from './context'
import { bytes, count, number, oneLine, shortId } from './format'
import type { StrategyName } from './strategies'

/** What a reduction came to, or would. */
export interface Reduced {
  readonly directory: string
  readonly budget: number
  readonly strategy: StrategyName
  readonly dryRun: boolean
  readonly report: ReductionReport
  /** Some of the memories that lose their words, in the order in which they go. */
  readonly examples: readonly Example[]
  /** Bytes of the files. */
  readonly diskBefore: number
  /** Absent while nothing has gone. */
  readonly diskAfter?: number
}

type Example = Pick<Memory, 'id' | 'text' | 'category' | 'learnedAt' | 'validFrom'>

/** What would go, as a table, and some of the memories that lose their words. */
export function showPlan(reduced: Reduced, context: CommandContext): string {
  const { directory, budget, strategy, report, diskBefore } = reduced
  const title = `${directory}: ${bytes(report.bytesBefore)} live, ${bytes(diskBefore)} on disk`
  if (report.memories === 0) return title
  return [`${title}. To ${bytes(budget)} by ${strategy}:`, '', ...table(reduced), ...forgotten(reduced, context)].join(
    '\n',
  )
}

/** How it ended. */
export function showDone({ report, budget, dryRun, diskBefore, diskAfter = diskBefore }: Reduced): string {
  const { bytesBefore, bytesAfter, memories } = report
  if (memories === 0) return `That is not more than ${bytes(budget)}: nothing has to go.`
  if (dryRun) return '\nNothing was changed (--dry-run).'
  return `\nDone: ${bytes(bytesBefore)} to ${bytes(bytesAfter)} live, ${bytes(diskBefore)} to ${bytes(diskAfter)} on disk.`
}

const rows: readonly (readonly [Granularity, title: string])[] = [
  ['nearestGrid', 'nearest grids'],
  ['meanGrid', 'mean grids'],
  ['embedding', 'embeddings'],
  ['text', 'words'],
]

const columns = [16, 8, 8, 14, 12, 12] as const

function table({ report }: Reduced): string[] {
  const { parts, gone, demoted, bytes: before, freed, bytesBefore, bytesAfter } = report
  const perRow = rows
    .filter(([name]) => parts[name] > 0)
    .map(([name, title]) => [
      ...[title, number(parts[name]), number(gone[name]), number(demoted[name])],
      ...[bytes(before[name]), bytes(before[name] - freed[name])],
    ])
  const rest = bytesBefore - rows.reduce((sum, [name]) => sum + before[name], 0)
  return [
    ['', 'parts', 'go', 'less exact', 'bytes now', 'after'],
    ...perRow,
    ['what stays', '', '', '', bytes(rest), bytes(rest)],
    ['in all', '', '', '', bytes(bytesBefore), bytes(bytesAfter)],
  ].map(line)
}

function line(cells: readonly string[]): string {
  const [title = '', ...others] = cells
  return `  ${title.padEnd(columns[0])}${others.map((cell, i) => cell.padStart(columns[i + 1]!)).join('')}`.trimEnd()
}

function forgotten({ report, examples }: Reduced, context: CommandContext): string[] {
  const total = report.forgotten.length
  if (total === 0) return ['', 'Every memory keeps its words.']
  const more = total - examples.length
  return [
    '',
    `${count(total, 'memory loses its words', 'memories lose their words')}${more > 0 ? ', beginning with' : ''}:`,
    ...examples.map((example) => exampleLine(example, context)),
    ...(more > 0 ? [`  and ${number(more)} more`] : []),
  ]
}

/** Room for the words of an example where no one reads along. */
const usualColumns = 100

function exampleLine({ id, text, category, learnedAt, validFrom }: Example, context: CommandContext): string {
  const day = new Date(validFrom ?? learnedAt).toISOString().slice(0, 10)
  const start = `  ${shortId(id)}  ${day}  ${category.padEnd(18)}  `
  return `${start}${cut(oneLine(text), Math.max(20, Math.min(usualColumns, context.columns) - start.length))}`
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).trimEnd()}\u2026`
}
