/** What a command works with: where it writes, and the signal that Ctrl-C gives. */
export interface CommandContext {
  /** Results. With `--json` nothing but JSON. */
  readonly out: (line: string) => void
  /** Everything else. */
  readonly note: (line: string) => void
  readonly signal: AbortSignal
  /** Whether a person watches: progress bars are drawn only then. */
  readonly interactive: boolean
  /** Columns that a line of `out` may fill; infinite where no person reads along. */
  readonly columns: number
}
