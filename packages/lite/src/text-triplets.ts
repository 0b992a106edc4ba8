import type { Triplet } from '@perstream/spec'
import { isCode, isGeneralHeading, isName, isOrganisation, isRole, readForm, totalWord } from './text-forms'

/** Triplets of one text at most. */
const MAX_TRIPLETS = 6

/**
 * Reads the facts of a text of several lines (a sign, a bill, a calendar) from its form alone, the most telling first, six at
 * most. "label: value" and "item 4.20" belong to the heading, that is the first line; "MON 11 13:10 Haircut" gives when
 * something is; a name on a line of its own is named on the heading. Badge numbers and the like belong to the only person
 * named. What has none of these forms gives nothing. Words stay as they were read.
 */
export function textTriplets(text: string): Triplet[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (lines.length < 2) return []
  const { heading, rest } = splitHeading(lines)
  const names = lines.filter(isName)
  const people = names.filter((name) => !isOrganisation(name))
  const person = people.length === 1 ? people[0] : undefined
  const facts = rest.flatMap((line, i) => factsOf(line, rest[i + 1], { heading, person, onlyTwo: lines.length === 2 }))
  const known = new Set<string>()
  return facts
    .filter(({ triplet }) => isNew(triplet, known))
    .sort((a, b) => a.rank - b.rank)
    .map(({ triplet }) => triplet)
    .slice(0, MAX_TRIPLETS)
}

/** What the facts of a text are about. */
interface Topic {
  /** Undefined when the first line is none: a price, a time, a sentence. */
  readonly heading: string | undefined
  /** The only person named. */
  readonly person: string | undefined
  /** Whether the text has two lines: a label. */
  readonly onlyTwo: boolean
}

/** A fact, and how soon it is told: the lower the sooner. */
interface Fact {
  readonly triplet: Triplet
  readonly rank: number
}

/** A heading of two short lines of capitals ("OLD MILL", "BAKERY") is one; "Name: Anna Berg" is headed by its value. */
function splitHeading(lines: readonly string[]): { heading: string | undefined; rest: readonly string[] } {
  const [first = '', second = '', ...others] = lines
  if (others.length > 0 && isCapitals(first) && isCapitals(second) && first.split(' ').length <= 2)
    return { heading: `${first} ${second}`, rest: others }
  const form = readForm(first)
  const heading = form.kind === 'label' ? form.value : first
  return { heading: isHeading(heading) ? heading : undefined, rest: lines.slice(1) }
}

/** One or two words of capital letters and nothing else. */
function isCapitals(line: string): boolean {
  return /^\p{Lu}{2,}(?: \p{Lu}{2,})?$/u.test(line) && !isGeneralHeading(line)
}

/** Something that can be spoken of: a few words that begin like a name or a title, no price, time or general word. */
function isHeading(line: string): boolean {
  const words = line.split(/\s+/)
  return (
    /^(?:plain|code)$/.test(readForm(line).kind) &&
    words.length <= 5 &&
    /^[\p{Lu}\p{N}]/u.test(line) &&
    /\p{L}{2}/u.test(line) &&
    !/[:.!?,]$/.test(line) &&
    !isGeneralHeading(line)
  )
}

function factsOf(line: string, next: string | undefined, { heading, person, onlyTwo }: Topic): Fact[] {
  const form = readForm(line, next)
  const holder = person ?? heading
  const fact = (subject: string | undefined, predicate: string, object: string, rank: number): Fact[] =>
    subject === undefined || subject === object ? [] : [{ triplet: { subject, predicate, object }, rank }]
  switch (form.kind) {
    case 'amount':
      return fact(heading, form.label, form.value, totalWord.test(form.label) ? 0 : 4)
    case 'entry':
      return fact(form.label, 'is on', form.value, 3)
    case 'label':
      return fact(holder, form.label, form.value, 1)
    case 'code':
      return fact(holder, 'has', line, 1)
    default:
      return plainFacts(line, { heading, person, onlyTwo }, fact)
  }
}

function plainFacts(
  line: string,
  { heading, person, onlyTwo }: Topic,
  fact: (subject: string | undefined, predicate: string, object: string, rank: number) => Fact[],
): Fact[] {
  if (isName(line)) return heading === undefined ? [] : fact(line, 'is named on', heading, 2)
  if (isRole(line)) return fact(person, 'is', line, 2)
  if (onlyTwo && heading !== undefined && isCode(heading) && /^\p{Lu}[\p{L} -]{3,30}$/u.test(line))
    return fact(heading, 'is labelled', line, 2)
  return []
}

function isNew({ subject, predicate, object }: Triplet, known: Set<string>): boolean {
  const key = [subject, predicate, object].join('\n').toLowerCase()
  if (known.has(key)) return false
  known.add(key)
  return true
}
