import type { Memory, Triplet } from '@perstream/spec'
import { entityKey, ownerKey } from './entity-key'
import { readPredicate } from './predicates'

/** Words of a memory that say of two labels that they mean the same: "Johanna, everyone calls her Jo". */
export interface Introduction {
  readonly name: string
  readonly label: string
}

/** What a memory says of entities. */
export interface Reading {
  readonly introductions: readonly Introduction[]
  /** The triplets it came with, and one for each introduction in its words. */
  readonly claims: readonly Triplet[]
}

/** Reads what a memory says of entities. */
export function readMemory(memory: Pick<Memory, 'text' | 'triplets' | 'origin'>): Reading {
  const introductions = introductionsOf(memory)
  if (introductions.length === 0) return { introductions, claims: memory.triplets }
  const known = new Set(memory.triplets.map(ends))
  const more = introductions
    .map(({ name, label }) => ({ subject: name, predicate: 'is called', object: label }))
    .filter((triplet) => !known.has(ends(triplet)) && !known.has(ends(turned(triplet))))
  return { introductions, claims: [...memory.triplets, ...more] }
}

/** Finds who is introduced as whom in the words and the triplets of a memory. English; misses rather than guesses. */
function introductionsOf({ text, triplets, origin }: Pick<Memory, 'text' | 'triplets' | 'origin'>): Introduction[] {
  const found = [...inWords(text), ...triplets.flatMap(inTriplet)]
  const seen = new Set<string>()
  return found.filter(({ name, label }) => {
    const [a, b] = [entityKey(name), entityKey(label)]
    const own = a === ownerKey || b === ownerKey
    const key = [a, b].sort().join('\0')
    if (a === b || pronouns.has(a) || pronouns.has(b) || (own && origin !== 'told') || seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function inWords(text: string): Introduction[] {
  if (!/\p{Lu}/u.test(text)) return []
  return patterns.flatMap(({ hint, pattern }) => (hint.test(text) ? matches(text, pattern) : []))
}

function matches(text: string, pattern: RegExp): Introduction[] {
  return Array.from(text.matchAll(pattern), ({ groups }) => ({
    name: bare(groups!.name!),
    label: bare(groups!.label!),
  })).filter(({ name, label }) => [name, label].every((words) => !words.split(' ').some((word) => dates.test(word))))
}

function inTriplet({ subject, predicate, object }: Triplet): Introduction[] {
  const { key, negated } = readPredicate(predicate)
  if (negated) return []
  if (calling.has(key))
    return /^(?:an?|the|to|by|for|on|in|at)\s/iu.test(object) ? [] : [{ name: subject, label: object }]
  if (key === 'be short for') return [{ name: object, label: subject }]
  if (key !== 'be') return []
  if (properName.test(subject) && definiteRole.test(object)) return [{ name: subject, label: object }]
  return properName.test(object) && definiteRole.test(subject) ? [{ name: object, label: subject }] : []
}

function bare(words: string): string {
  return words.trim().replace(/['’]s$/u, '')
}

function ends({ subject, object }: Triplet): string {
  return `${entityKey(subject)}\0${entityKey(object)}`
}

function turned({ subject, predicate, object }: Triplet): Triplet {
  return { subject: object, predicate, object: subject }
}

const pronouns = new Set(['he', 'she', 'it', 'they', 'you', 'we', 'him', 'her', 'them', 'us', 'who', 'there'])
const dates =
  /^(?:mon|tues|wednes|thurs|fri|satur|sun)day$|^(?:january|february|march|april|may|june|july|august|september|october|november|december)$|^(?:today|tomorrow|yesterday)$/iu
const calling = new Set(
  ['is called', 'is named', 'is also called', 'is known as', 'is also known as', 'known as', 'goes by', 'aka']
    .concat(['is nicknamed'])
    .map((predicate) => readPredicate(predicate).key),
)

/** Roles that one person has in somebody's life at a time, mostly: a second one undoes the merge. */
const roles =
  'sister|brother|mother|father|mom|mum|dad|wife|husband|partner|girlfriend|boyfriend|fianc[eé]e?|son|daughter|' +
  'grandmother|grandfather|grandma|grandpa|granny|aunt|uncle|niece|nephew|mother-in-law|father-in-law|' +
  'boss|manager|supervisor|landlord|landlady|neighbou?r|flatmate|roommate|doctor|dentist|therapist|physiotherapist|' +
  'optician|vet|plumber|electrician|mechanic|carpenter|painter|gardener|hairdresser|barber|lawyer|accountant|teacher|' +
  'tutor|coach|trainer|nanny|babysitter|cleaner|caretaker|janitor|tax advis[eo]r|real estate agent|dog|cat'
const word = "\\p{Lu}[\\p{L}'’-]+"
const proper = `(?:(?:Mrs?|Ms|Dr|Prof)\\.?\\s+)?${word}(?:\\s+${word}){0,2}`
const definite = '(?:[Mm]y|[Oo]ur|[Tt]he)\\s+\\p{Ll}[\\p{L}-]+(?:\\s+\\p{Ll}[\\p{L}-]+)?'
const quote = '["“”\'‘’]?'
const ending = '(?=\\s*(?:[.;:!?)]|$|,(?!\\s*(?:and|or)\\b)(?!\\s*\\p{Lu})))'
const properName = new RegExp(`^${proper}$`, 'u')
const definiteRole = new RegExp(`^(?:my|our|the)\\s+(?:${roles})$`, 'iu')
const everyone = '(?:everyone|everybody|people|we|they|friends|colleagues|all|(?:her|his|my|our) (?:friends|family))'
const roleNamed = new RegExp(`\\b(?:${roles})\\b`, 'u')

const patterns: readonly { readonly hint: RegExp; readonly pattern: RegExp }[] = [
  [
    /\bcalls?\b/,
    `(?<!\\band\\s)(?<name>${proper}),?\\s+(?:whom?\\s+)?${everyone}\\s+calls?\\s+(?:(?:her|him|them|it)\\s+)?${quote}(?<label>${word})`,
  ],
  [/\bshort for\b/, `(?<label>${word}),?\\s+\\(?(?:is\\s+)?short\\s+for\\s+${quote}(?<name>${proper})`],
  [
    /\balso\b|\ba\.?k\.?a\b/,
    `(?<name>${proper}|${definite}),?\\s+\\(?(?:also\\s+(?:called|known\\s+as)|aka|a\\.k\\.a\\.?)\\s+${quote}(?<label>${proper})`,
  ],
  [
    /\bis\b/,
    `(?<name>${proper}|${definite})\\s+is\\s+(?:also\\s+)?(?:called|named|nicknamed|known\\s+as)\\s+${quote}(?<label>${proper})`,
  ],
  [/\bgoes by\b/, `(?<name>${proper}|${definite})\\s+goes\\s+by\\s+${quote}(?<label>${proper})`],
  [/\bnickname\b/, `(?<name>${proper})['’]s\\s+nickname\\s+is\\s+${quote}(?<label>${proper})`],
  [roleNamed, `\\b(?:[Mm]y|[Oo]ur)\\s+(?<label>${roles})\\s+(?<name>${proper})`],
  [roleNamed, `\\b(?:[Mm]y|[Oo]ur|[Tt]he)\\s+(?<label>${roles}),\\s+(?<name>${proper})${ending}`],
  [roleNamed, `(?<!\\band\\s)(?<name>${proper}),\\s+(?:my|our|the)\\s+(?<label>${roles})${ending}`],
].map(([hint, pattern]) => ({ hint: hint as RegExp, pattern: new RegExp(pattern as string, 'gu') }))
