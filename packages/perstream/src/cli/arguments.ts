import { InvalidArgumentError } from 'commander'
import { UsageError } from './exit'

/** Reads seconds: 12.5, or m:ss, or h:mm:ss. */
export function parseSeconds(text: string): number {
  const parts = text.split(':').map(Number)
  const seconds = parts.reduce((sum, part) => sum * 60 + part, 0)
  if (text.trim() === '' || parts.length > 3 || parts.some((part) => !(part >= 0)))
    throw new InvalidArgumentError(`"${text}" is not a time: give seconds (12.5) or m:ss.`)
  return seconds
}

/** Reads a number above 0. */
export function parsePositive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError(`"${text}" is not a number above 0.`)
  return value
}

/** Reads a date and time in ISO 8601. */
export function parseDate(text: string): Date {
  const date = new Date(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(date.getTime()))
    throw new InvalidArgumentError(`"${text}" is not a date: give ISO 8601, such as 2026-05-17T14:30:00+02:00.`)
  return date
}

const pairJoint = '\n'

/** Joins the two words after `--ask-at` (time and question) into one, since options take one. */
export function joinAskAt(argv: readonly string[]): string[] {
  const joined: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const [time, question] = [argv[i + 1], argv[i + 2]]
    if (argv[i] !== '--ask-at' || time === undefined || question === undefined) {
      joined.push(argv[i]!)
      continue
    }
    joined.push('--ask-at', `${time}${pairJoint}${question}`)
    i += 2
  }
  return joined
}

/** Reads what {@link joinAskAt} joined. @throws UsageError when one of the two is missing */
export function parseAskAt(pair: string): { question: string; atSeconds: number } {
  const [time = '', ...question] = pair.split(pairJoint)
  if (question.length === 0)
    throw new UsageError(`--ask-at takes a time and a question: --ask-at 0:30 "What is on the door?"`)
  return { question: question.join(pairJoint), atSeconds: parseSeconds(time) }
}
