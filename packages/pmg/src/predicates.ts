import { stemmer } from 'stemmer'

/** A predicate as relations are looked up by: inflections folded ("lives in", "live in"), negation apart. */
export interface PredicateKey {
  readonly key: string
  readonly negated: boolean
}

/** Folds a predicate: "is", "are" and "'m" are "be"; "does not like" is "like", negated. */
export function readPredicate(predicate: string): PredicateKey {
  const words = predicate
    .normalize('NFC')
    .toLowerCase()
    .replace(/’/g, "'")
    .replace(/\b(is|are|was|were|do|does|did|has|have|can|will)n't\b/g, '$1 not')
    .replace(/\bcan't\b/g, 'can not')
    .replace(/\bwon't\b/g, 'will not')
    .split(/\s+/u)
    .filter(Boolean)
  const bare = words.filter((word) => !negations.has(word))
  const negated = bare.length < words.length
  const verbs = negated && bare.length > 1 ? bare.filter((word) => !helpers.has(word)) : bare
  const kept = verbs.filter((word) => verbs.length === 1 || !fillers.has(word))
  const folded = kept.map((word) => (forms.has(word) ? 'be' : /^[a-z]+$/.test(word) ? stemmer(word) : word))
  return { key: folded.join(' ') || 'be', negated }
}

const mostKept = 4096

/** Reads predicates, and remembers those it has read: there are few. */
export class Predicates {
  readonly #known = new Map<string, PredicateKey>()

  read(predicate: string): PredicateKey {
    const known = this.#known.get(predicate)
    if (known) return known
    const read = readPredicate(predicate)
    if (this.#known.size < mostKept) this.#known.set(predicate, read)
    return read
  }
}

const forms = new Set(['is', 'are', 'am', "'s", "'m", "'re"])
const negations = new Set(['not', 'never', 'no longer', "n't"])
const helpers = new Set(['do', 'does', 'did'])
const fillers = new Set(['now', 'currently', 'still', 'also', 'really'])
