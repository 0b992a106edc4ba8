import { PerStreamError } from '@perstream/spec'
import { CommanderError } from 'commander'

/** What the command ends with. */
const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** Wrong use of the command line. */
export class UsageError extends Error {}

/** The exit code of an error, and the line that is shown for it; no line when it was shown already. */
export function explain(error: unknown, signal: AbortSignal): { code: number; line?: string } {
  if (signal.aborted) return { code: exitCodes.interrupted, line: 'Interrupted. What was stored stays stored.' }
  if (error instanceof CommanderError) return { code: error.exitCode === 0 ? exitCodes.done : exitCodes.usage }
  if (error instanceof UsageError) return { code: exitCodes.usage, line: error.message }
  if (PerStreamError.isInstance(error)) return { code: exitCodes.failed, line: error.message }
  const message = error instanceof Error ? error.message : String(error)
  // What the system refuses, such as a full disk, names itself.
  if (error instanceof Error && 'syscall' in error) return { code: exitCodes.failed, line: message }
  return {
    code: exitCodes.failed,
    line: `This should not have happened: ${message} (run again with --debug for the details)`,
  }
}
