/** A table in the layout of the prototype's "Table 5" (BEHAVIOUR 11.4, vector L5). */
export interface TableFive {
  /** Lines below "Config:". */
  readonly config: readonly string[]
  /** In the order of the columns. */
  readonly columns: readonly string[]
  readonly users: readonly UserTable[]
  /** By period, one cell a column. */
  readonly average: readonly (readonly string[])[]
}

/** One user's part. */
export interface UserTable {
  readonly user: string
  /** By period, one cell a column; undefined is told as N/A. */
  readonly periods: readonly (readonly (string | undefined)[])[]
  /** By column, lines of statistics. */
  readonly statistics: readonly (readonly string[])[]
}

const ruleWidth = 100
const periodWidth = 10
const cellWidth = 25

/** The lines of a table. */
export function tableFive({ config, columns, users, average }: TableFive): string[] {
  const rule = '='.repeat(ruleWidth)
  const titled = (title: string, periods: UserTable['periods']) => [
    ...['', '', rule, title, rule],
    line('Period', columns),
    '-'.repeat(ruleWidth),
    ...periods.map((cells, i) => line(String(i + 1), cells)),
  ]
  return [
    ...['', 'Config:'],
    ...config.map((each) => `  ${each}`),
    ...users.flatMap(({ user, periods, statistics }) => [
      ...titled(`User ${user}`, periods),
      ...['-'.repeat(ruleWidth), '', 'Memory Statistics:'],
      ...statistics.flatMap((lines, i) => [`  ${columns[i]}:`, ...lines.map((each) => `    ${each}`)]),
    ]),
    ...titled('AVERAGE ACROSS ALL USERS', average),
  ]
}

function line(first: string, cells: readonly (string | undefined)[]): string {
  return [first.padEnd(periodWidth), ...cells.map((cell) => (cell ?? 'N/A').padEnd(cellWidth))].join(' | ')
}
