import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { createWinkTriplets } from '@perstream/lite'
import { openEncoders, openUseLite } from '@perstream-benchmarks/suite/encoders'
import { median } from '@perstream-benchmarks/suite/harness'
import { cachedEncoder, cachedTriplets } from '@perstream-benchmarks/suite/recall/cached'
import { type DriveRow, loadDriveData, loadDriveRows } from '@perstream-benchmarks/suite/recall/drivenact'
import type { RankerTools } from '@perstream-benchmarks/suite/recall/ranker'
import type { BenchContext } from './context'
import { type MeasureOptions, measureSet } from './measure/measure-set'
import type { BenchOptions } from './options'
import { measurePeriods, type PeriodTable } from './periods/period-table'
import { driveUsers, ownUser } from './periods/period-users'
import type { BenchResult, SetReport, SetTimes } from './report/result'
import { fullRecall, summarize } from './report/summary'
import { driveSets } from './sets/drive-set'
import { ownSet } from './sets/own-set'
import type { QuestionSet } from './sets/question-set'
import { userSet } from './sets/user-set'
import { measureSpeed } from './speed/measure-speed'
import { loadStrategy } from './strategies/load-strategy'
import { type NamedStrategy, namedStrategies } from './strategies/named-strategy'
import { visualPart } from './visual/visual-part'

const periods = 4

/** Runs what was asked for. The same seed gives the same result, but for `times`. */
export async function runBench(options: BenchOptions, context: BenchContext): Promise<BenchResult> {
  const run = await BenchRun.open(options, context)
  const sets = [...(await run.sets()), ...(await run.grids())]
  const visual = options.parts.has('visual') ? await visualPart({ ...run, text: run.encoder.tools.encoder }) : undefined
  const periodTables = await run.periods()
  const speed = await run.speed()
  const { seed } = options
  const times = {
    machine: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`,
    speed,
    sets: run.setTimes,
  }
  return { bench: 'reduction', seed, sets, visual, periods: periodTables, notes: run.notes, times }
}

/** What the parts of a run share. */
class BenchRun {
  readonly notes: string[] = [
    'a budget is a share of the bytes of the parts that can be taken: what always stays of a memory (64 bytes: id, category, times) is not counted',
    'a memory whose words are gone is not found; each memory has one second of evidence and the triplets that rules find, which count as words',
    'recall@5: whether one of the memories that answer is among the first five (own set; the share of them for questions about a time, and of the rows)',
    'visits, which make heat, come from other questions than those that measure',
  ]
  readonly setTimes: SetTimes[] = []

  private constructor(
    readonly options: BenchOptions,
    readonly context: BenchContext,
    readonly strategies: readonly NamedStrategy[],
    readonly encoder: { readonly name: string; readonly tools: RankerTools },
  ) {}

  static async open(options: BenchOptions, context: BenchContext): Promise<BenchRun> {
    const { seed, isQuick } = options
    const own = await Promise.all(options.strategies.map(loadStrategy))
    const strategies = namedStrategies(isQuick ? [seed] : [seed, seed + 1, seed + 2], own)
    const encoder = await openEncoder(context.shared)
    return new BenchRun(options, context, strategies, encoder)
  }

  /** Texts and vectors alone. */
  async sets(): Promise<SetReport[]> {
    if (!this.options.parts.has('sets')) return []
    const reports: SetReport[] = []
    for (const set of await this.#questionSets())
      reports.push(await this.#measured(set, 'texts and vectors', { budgets: this.options.budgets }))
    return reports
  }

  /** With grids of true size. */
  async grids(): Promise<SetReport[]> {
    const { parts, gridBudgets: budgets, seed } = this.options
    if (!parts.has('grids')) return []
    const [set] = await this.#questionSets()
    return [await this.#measured(set!, 'texts, vectors and grids', { budgets, gridSeed: seed })]
  }

  async periods(): Promise<PeriodTable[]> {
    const { options, context, encoder } = this
    if (!options.parts.has('periods') || options.data !== undefined) return []
    const rows = options.isQuick ? undefined : await this.#rows()
    const groups = [
      ['own set', [ownUser(periods)]] as const,
      ...(rows ? [['rows', driveUsers(rows, periods)] as const] : []),
    ]
    const tables: PeriodTable[] = []
    const fixed = this.strategies.filter(({ name }) => name !== 'oracle' && name !== 'random')
    for (const [name, users] of groups) {
      context.progress.begin(`periods, ${name}`, users.length)
      tables.push(
        await measurePeriods(users, {
          ...{ name, encoder: encoder.name, tools: encoder.tools, signal: context.signal },
          strategies: Object.fromEntries(fixed.map((strategy) => [strategy.name, strategy.of([])[0]!])),
          onUser: () => context.progress.step(),
        }),
      )
    }
    return tables
  }

  async speed() {
    const { options, context } = this
    if (!options.parts.has('speed')) return []
    const sizes = options.isQuick ? [10_000] : [10_000, 100_000]
    const strategies = this.strategies.filter(({ name }) => name !== 'oracle')
    context.progress.begin('speed', sizes.length * strategies.length)
    return measureSpeed({
      ...{ strategies, sizes, seed: options.seed, signal: context.signal },
      onRound: () => context.progress.step(),
    })
  }

  async #measured(
    set: QuestionSet,
    budgetOf: SetReport['budgetOf'],
    options: Pick<MeasureOptions, 'budgets' | 'gridSeed'>,
  ) {
    const { context, encoder, strategies } = this
    context.progress.begin(`${set.name}: ${budgetOf}`, set.trials.length)
    const { cells, planTimes, applyTimes } = await measureSet(set, {
      ...{ strategies, tools: encoder.tools, signal: context.signal, onTrial: () => context.progress.step() },
      ...options,
    })
    for (const { name: strategy } of strategies) {
      const [plan, apply] = [median(planTimes[strategy]!), median(applyTimes[strategy]!)]
      this.setTimes.push({ set: set.name, budgetOf, strategy, plan, apply })
    }
    const sizes = [...new Set(set.trials.map(({ memories }) => memories.length))].sort((a, b) => a - b)
    const memories = sizes.length === 1 ? `${sizes[0]} memories` : `${sizes[0]} to ${sizes.at(-1)} memories`
    return {
      ...{ name: set.name, encoder: encoder.name, memories, questions: cells[0]!.scores.length },
      ...{ warmedBy: set.warmedBy, budgetOf, rows: summarize(cells, fullRecall(cells)) },
    }
  }

  async #questionSets(): Promise<QuestionSet[]> {
    const { data, seed, isQuick } = this.options
    const draws = isQuick ? [seed] : [seed, seed + 1, seed + 2]
    if (data !== undefined) return [await userSet(data, draws)]
    const file = this.#rowsFile()
    return [ownSet(draws), ...(file !== undefined && !isQuick ? driveSets(await loadDriveData(file), [seed]) : [])]
  }

  async #rows(): Promise<DriveRow[] | undefined> {
    const file = this.#rowsFile()
    return file === undefined ? undefined : loadDriveRows(file)
  }

  #rowsFile(): string | undefined {
    const file = `${this.context.shared}/data/drivenact.train-val.json`
    if (existsSync(file)) return file
    const note = 'the rows of the prototype were not measured: they are not here'
    if (!this.notes.includes(note)) this.notes.push(note)
    return undefined
  }
}

/** MiniLM where it is, else USE-lite. */
async function openEncoder(shared: string): Promise<{ name: string; tools: RankerTools }> {
  const found = (await openEncoders(shared)).filter(({ encoder }) => encoder).at(-1) ?? (await openUseLite())
  if (!found.encoder) throw new Error(found.missing)
  const tools = { encoder: cachedEncoder(found.encoder), triplets: cachedTriplets(createWinkTriplets()) }
  return { name: found.name, tools }
}
