import { parseArgs } from 'node:util'

/** How the benchmark is called. */
export const usage = `bench:reduction. What is still found of a memory that was reduced: strategies by budgets.

  npm run bench:reduction -- [options]

  --strategy FILE   a strategy of one's own (TypeScript or JavaScript; its default export, or its only function); may be repeated
  --data FILE       memories and questions of one's own, in place of the sets here (JSON; see benchmarks/reduction/README.md)
  --budgets A,B     percentages, such as 100,25,10
  --parts A,B       of sets, grids, visual, periods, speed (all)
  --seed N          draws of halves, grids and random strategies (1)
  --quick           small: the own set, three budgets, one draw, one clip if one was rendered; a minute
  --out DIR         where results are written (benchmarks/results)
  --json            prints one JSON object in place of the Markdown

  npm run bench:reduction -- --quick
  npm run bench:reduction -- --strategy benchmarks/reduction/examples/longest-first.ts --parts sets
  npm run bench:reduction -- --data my-questions.json --budgets 100,50,10`

export const allParts = ['sets', 'grids', 'visual', 'periods', 'speed'] as const
export type Part = (typeof allParts)[number]

/** What was asked for. */
export interface BenchOptions {
  readonly strategies: readonly string[]
  readonly data: string | undefined
  readonly parts: ReadonlySet<Part>
  readonly seed: number
  readonly isQuick: boolean
  readonly out: string | undefined
  readonly isJson: boolean
  /** Shares, most first: of texts and vectors, and of those with grids. */
  readonly budgets: readonly number[]
  readonly gridBudgets: readonly number[]
}

/** Reads the arguments. @throws TypeError that names the option and the value */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      strategy: { type: 'string', multiple: true, default: [] },
      data: { type: 'string' },
      budgets: { type: 'string' },
      parts: { type: 'string', default: allParts.join() },
      seed: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const isQuick = values.quick
  const given = values.budgets?.split(',').map(shareOf)
  const parts = values.parts.split(',').map((part) => {
    if (!(allParts as readonly string[]).includes(part))
      throw new TypeError(`--parts has ${JSON.stringify(part)}: the parts are ${allParts.join(', ')}`)
    return part as Part
  })
  const seed = Number(values.seed)
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new TypeError(`--seed is ${JSON.stringify(values.seed)}: it must be a whole number, 0 or more`)
  return {
    ...{ strategies: values.strategy, data: values.data, parts: new Set(parts), seed, isQuick },
    ...{ out: values.out, isJson: values.json },
    budgets: withWhole(given ?? (isQuick ? [1, 0.1, 0.02] : [1, 0.5, 0.25, 0.1, 0.05, 0.02])),
    gridBudgets: withWhole(
      given ?? (isQuick ? [1, 0.1, 0.002] : [1, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001]),
    ),
  }
}

/** Shares, most first, the whole among them: all else is measured against it. */
function withWhole(shares: readonly number[]): number[] {
  return [...new Set([1, ...shares])].sort((a, b) => b - a)
}

function shareOf(text: string): number {
  const percent = Number(text)
  if (!(percent > 0 && percent <= 100))
    throw new TypeError(`--budgets has ${JSON.stringify(text)}: give percentages, more than 0 and at most 100`)
  return percent / 100
}
