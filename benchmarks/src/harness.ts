import { cpus, totalmem } from 'node:os'
import { performance } from 'node:perf_hooks'

/** One measured figure. A ratio names the peer it is measured against. */
export interface Figure {
  readonly name: string
  readonly value: number
  /** 'x' for a ratio, else 'ms', 'MB', '%', ... */
  readonly unit: string
  /** The bound it should keep, in the same unit; absent when the figure only informs. */
  readonly goal?: number
  readonly better: 'lower' | 'higher'
  readonly peer?: string
}

/** What a benchmark found. */
export interface BenchReport {
  readonly bench: string
  readonly figures: readonly Figure[]
  /** What could not be measured here and why, and which data stood in for which. */
  readonly notes?: readonly string[]
}

/** The median; the lower middle of an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  if (middle === undefined) throw new TypeError('median of no values')
  return middle
}

/**
 * Times contestants in turn, `rounds` times over (7 or more, so that the machine's mood hits all alike), after one round
 * that warms up. Returns the milliseconds of each round by name.
 */
export async function interleave(
  contestants: Readonly<Record<string, () => unknown>>,
  rounds = 7,
): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {}
  for (const [name, run] of Object.entries(contestants)) {
    await run()
    times[name] = []
  }
  for (let round = 0; round < rounds; round++)
    for (const [name, run] of Object.entries(contestants)) {
      const start = performance.now()
      await run()
      times[name]!.push(performance.now() - start)
    }
  return times
}

/** The median over rounds of a / b, both measured in the same round. */
export function ratio(a: readonly number[], b: readonly number[]): number {
  return median(a.map((value, round) => value / b[round]!))
}

/** Prints how a benchmark is called, and ends, when `--help` is among the arguments. */
export function helpIfAsked(usage: string, args: readonly string[] = process.argv.slice(2)): void {
  if (!args.includes('--help')) return
  console.log(usage)
  process.exit(0)
}

/** Prints a report: a table to read, or one JSON object with `--json` among the arguments. */
export function printReport(report: BenchReport, args: readonly string[] = process.argv.slice(2)): void {
  if (args.includes('--json')) {
    console.log(
      JSON.stringify({ bench: report.bench, machine: machine(), figures: report.figures, notes: report.notes ?? [] }),
    )
    return
  }
  console.log(`\n${report.bench}   (${machine()})\n`)
  const rows = report.figures.map(row)
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]!.length)))
  for (const cells of [header, ...rows]) console.log(cells.map((cell, i) => cell.padEnd(widths[i]!)).join('  '))
  for (const note of report.notes ?? []) console.log(`\nnote: ${note}`)
}

const header = ['figure', 'value', 'goal', 'kept', 'against']

function row({ name, value, unit, goal, better, peer }: Figure): string[] {
  const kept = goal === undefined ? '' : (better === 'lower' ? value <= goal : value >= goal) ? 'yes' : 'NO'
  const bound = goal === undefined ? '' : `${better === 'lower' ? '<=' : '>='} ${goal}`
  return [name, `${Number(value.toPrecision(4))} ${unit}`, bound, kept, peer ?? '']
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return `${cpus().length} x ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${process.platform}`
}
