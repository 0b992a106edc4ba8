import { inspect } from 'node:util'
import { Command, Option } from 'commander'
import packageJson from '../../package.json'
import { redactPasswords } from '../redact'
import { joinAskAt } from './arguments'
import { askCommand } from './ask'
import type { CommandContext } from './context'
import { doctorCommand } from './doctor'
import { explain, UsageError } from './exit'
import { forgetCommand } from './forget'
import { inspectCommand } from './inspect'
import { modelsCommand } from './models'
import { reduceCommand } from './reduce'
import { reembedCommand } from './reembed'
import { runCommand } from './run'
import { exportCommand, importCommand } from './transfer'

/**
 * Runs the `perstream` command.
 * @param argv the words after `perstream`
 * @returns the exit code: 0 done, 1 failed, 2 wrong use, 130 interrupted
 */
export async function main(argv: readonly string[]): Promise<number> {
  const abort = new AbortController()
  let interruptedAt = Number.NaN
  const interrupt = () => {
    // One Ctrl-C can come twice: from the terminal, and handed on by npx. Another one later ends at once.
    if (performance.now() - interruptedAt > 1000) process.exit(130)
    if (abort.signal.aborted) return
    interruptedAt = performance.now()
    abort.abort(new DOMException('Interrupted', 'AbortError'))
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  // Who reads our output may go away before the end: perstream run a.mp4 | head
  const broken = ({ code }: NodeJS.ErrnoException) => code === 'EPIPE' && interrupt()
  process.stdout.on('error', broken)
  const note = (text: string) => process.stderr.write(`${redactPasswords(text)}\n`)
  const program = createProgram({
    out: (line) => process.stdout.write(`${line}\n`),
    note,
    signal: abort.signal,
    interactive: process.stderr.isTTY === true,
    columns: process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY,
  })
  try {
    await program.parseAsync(joinAskAt(argv), { from: 'user' })
    return abort.signal.aborted ? 130 : 0
  } catch (error) {
    const { code, line } = explain(error, abort.signal)
    if (line !== undefined) note(`perstream: ${line}`)
    if (argv.includes('--debug')) note(inspect(error))
    return code
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

function createProgram(context: CommandContext): Command {
  const program = new Command('perstream')
    .description('A personal memory for first-person video: watch, remember, ask.')
    .version(packageJson.version)
    .exitOverride()
    .showHelpAfterError('(perstream --help shows what there is)')
    .configureHelp({ showGlobalOptions: true })
    .addOption(new Option('--debug', 'show the details of an unexpected error'))
    .addHelpText('after', examples)
  for (const command of [
    runCommand,
    askCommand,
    inspectCommand,
    forgetCommand,
    reduceCommand,
    reembedCommand,
    exportCommand,
    importCommand,
    modelsCommand,
    doctorCommand,
  ])
    program.addCommand(command(context).exitOverride())
  program.allowExcessArguments().action((_options, command: Command) => {
    const [unknown] = command.args
    if (unknown !== undefined)
      throw new UsageError(`There is no command "${unknown}". perstream --help shows what there is.`)
    command.outputHelp()
  })
  return program
}

const examples = `
Examples:
  perstream run walk.mp4 --ask "Where did I park?"        watch a video, answer at its end
  perstream run walk.mp4 --store memory --report walk.html
  perstream ask memory "What did I pay at the bakery?"    ask what was remembered
  perstream inspect memory                                what is in it
  perstream reduce memory --to 100MB --dry-run            what would go to make it smaller
  perstream models pull sentence-transformers/all-MiniLM-L6-v2
  perstream doctor                                        what works on this machine`
