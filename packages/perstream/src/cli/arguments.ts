import { InvalidArgumentError } from 'commander'
import type { ScheduledQuestion } from '../pipeline/questions'

/** Reads seconds: 12.5, or m:ss, or h:mm:ss. */
export function parseSeconds(text: string): number {
  if (!/^(\d+:){0,2}\d+(\.\d+)?$/.test(text))
    throw new InvalidArgumentError(`"${text}" is not a time: give seconds (12.5) or m:ss.`)
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

/** Reads a number above 0. */
export function parsePositive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError(`"${text}" is not a number above 0.`)
  return value
}

/** Reads a whole number above 0. */
export function parseCount(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isInteger(value)))
    throw new InvalidArgumentError(`"${text}" is not a whole number above 0.`)
  return value
}

const units = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 }

/** Reads a size in bytes: 512MB, 1.5GB, 300MiB, or plain bytes. KB, MB, GB and TB are powers of 1000, KiB to TiB of 1024. */
export function parseSize(text: string): number {
  const [, number = '', unit = 'b'] = /^(\d+(?:\.\d+)?) ?([kmgt]?i?b)?$/i.exec(text) ?? []
  const bytes = Math.floor(Number(number) * (units[unit.toLowerCase() as keyof typeof units] ?? Number.NaN))
  const isWhole = unit.toLowerCase() !== 'b' || !number.includes('.')
  if (!(bytes >= 1 && Number.isSafeInteger(bytes) && isWhole))
    throw new InvalidArgumentError(`"${text}" is not a size above 0: give 512MB, 1.5GB, 300MiB or plain bytes.`)
  return bytes
}

/** Reads a date and time in ISO 8601. */
export function parseDate(text: string): Date {
  const date = new Date(text)
  const day = /^(\d{4}-\d{2}-\d{2})(T|$)/.exec(text)?.[1]
  // The clock rolls 31 February over to March.
  if (day === undefined || Number.isNaN(date.getTime()) || !new Date(day).toISOString().startsWith(day))
    throw new InvalidArgumentError(`"${text}" is not a date: give ISO 8601, such as 2026-05-17T14:30:00+02:00.`)
  return date
}

/** Reads the words of a question. */
export function parseQuestion(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('The question is empty: give the words to ask.')
  return text
}

const pairJoint = '\t'

/** Joins the two words after `--ask-at` (time and question) into one, since options take one. */
export function joinAskAt(argv: readonly string[]): string[] {
  const joined: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const [time, question] = [argv[i + 1], argv[i + 2]]
    const isPair = argv[i] === '--ask-at' && time !== undefined && question !== undefined && !question.startsWith('--')
    if (isPair) joined.push('--ask-at', `${time}${pairJoint}${question}`)
    else joined.push(argv[i]!)
    if (isPair) i += 2
  }
  return joined
}

/** Reads what {@link joinAskAt} joined. */
export function parseAskAt(pair: string): ScheduledQuestion {
  const [time = '', ...question] = pair.split(pairJoint)
  if (question.length === 0)
    throw new InvalidArgumentError('Give a time and a question: --ask-at 0:30 "What is on the door?".')
  return { question: parseQuestion(question.join(pairJoint)), atSeconds: parseSeconds(time) }
}
