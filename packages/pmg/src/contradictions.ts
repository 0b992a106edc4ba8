import type { Memory, RelationRecord } from '@perstream/spec'
import type { GraphState } from './graph-state'
import type { MemoryEntry } from './memory-entry'

/** How many memories one memory can be in conflict with at most. */
export const conflictsKept = 16
/** How many memories of one rival relation are looked at. */
const memoriesRead = 64

/**
 * Finds standing memories of the same owner that say otherwise of the same thing at the same time: another value where there is one
 * at a time (a password, where something is parked, what day it is on), or the same with a "not". It knows few such predicates on
 * purpose: two tastes, two jobs or two sisters are no contradiction. Bounded: the last 64 values of a subject.
 */
export function conflictsOf(state: GraphState, { memory, relations }: MemoryEntry): string[] {
  if (memory.supersededBy !== undefined) return []
  const found = new Set<string>()
  for (const id of relations)
    for (const rival of rivalsOf(state, state.relations.get(id)!.record))
      for (const other of firstOf(state.relations.get(rival.id)!.memories)) {
        const { memory: rivalMemory } = state.entries.get(other)!
        if (other !== memory.id && rivalMemory.supersededBy === undefined && overlap(memory, rivalMemory))
          found.add(other)
      }
  return [...found].slice(0, conflictsKept)
}

/** Whether a memory says something that another could contradict, or is in conflict already: quick, as no memory is looked for. */
export function mayConflict(state: GraphState, { memory, relations }: MemoryEntry): boolean {
  if (memory.conflicts && memory.conflicts.length > 0) return true
  return relations.some((id) => {
    const { record } = state.relations.get(id)!
    const { key, negated } = state.table.predicates.read(record.predicate)
    const subject = state.entities.get(record.subject)!.record.label
    if (negated || ruleOf(subject, record.predicate, key)) return true
    return state.table.byKeys(record.subject, `not ${key}`, record.object) !== undefined
  })
}

function* firstOf(memories: Iterable<string>): Generator<string, void, void> {
  let left = memoriesRead
  for (const memory of memories) {
    if (left-- === 0) return
    yield memory
  }
}

function rivalsOf(state: GraphState, relation: RelationRecord): RelationRecord[] {
  const { key, negated } = state.table.predicates.read(relation.predicate)
  const opposite = state.table.byKeys(relation.subject, negated ? key : `not ${key}`, relation.object)
  const rivals = opposite ? [opposite] : []
  if (negated || relation.subject === relation.object) return rivals
  const subject = state.entities.get(relation.subject)!.record.label
  const rule = ruleOf(subject, relation.predicate, key)
  if (!rule) return rivals
  const value = state.entities.get(relation.object)!.record.label
  const others = rule.keys.flatMap((each) => state.table.valuesOf(relation.subject, each))
  return [...rivals, ...others.filter((other) => excludes(rule, value, state.entities.get(other.object)!.record.label))]
}

interface Rule {
  /** Predicates whose values exclude each other. */
  readonly keys: readonly string[]
  readonly of: 'attribute' | 'place' | 'thing'
}

/** The rule of a subject and a predicate of which only one value is true at a time. */
function ruleOf(subject: string, predicate: string, key: string): Rule | undefined {
  if (attribute.test(/^(.+) is$/.exec(predicate)?.[1] ?? '')) return { keys: [key], of: 'attribute' }
  if (parked.test(key)) return { keys: parkings, of: 'place' }
  if (/^(?:live|resid) (?:in|at|on)$|^be (?:in|at|on|under|behind|insid)$/.test(key))
    return { keys: [key], of: 'place' }
  if (key !== 'be') return undefined
  return { keys: [key], of: attribute.test(subject.toLowerCase()) ? 'attribute' : 'thing' }
}

function excludes(rule: Rule, a: string, b: string): boolean {
  const kind = kindOf(a, rule)
  if (kind === undefined || kind !== kindOf(b, rule)) return false
  const [first, second] = [tokensOf(a), tokensOf(b)]
  return first.length > 0 && second.length > 0 && !within(first, second) && !within(second, first)
}

function within(a: readonly string[], b: readonly string[]): boolean {
  return a.every((token) => b.includes(token))
}

function tokensOf(value: string): string[] {
  return (value.toLowerCase().match(/[\p{L}\p{N}]+(?:[.,:/-]\p{N}+)*/gu) ?? []).filter((token) => !articles.has(token))
}

/** The kind of a value: those of different kinds, or of none, do not exclude each other ("at ten", "at the dentist's"). */
function kindOf(value: string, { of }: Rule): string | undefined {
  const words = value.toLowerCase().trim()
  if (of === 'attribute' && judged.test(words)) return undefined
  if (weekday.test(words)) return 'weekday'
  if (/^(?:at |around )?\p{N}{1,2}[:.]\p{N}{2}\b|\b\p{N}{1,2} ?[ap]\.?m\b/u.test(words)) return 'time'
  if (of === 'attribute') return 'value'
  if (/^[\p{N}.,]+(?: years old)?$/u.test(words)) return 'number'
  if (colour.test(words)) return 'colour'
  return of === 'thing' ? undefined : /\p{N}/u.test(words) ? 'code' : 'words'
}

function overlap(a: Memory, b: Memory): boolean {
  return (a.validFrom ?? -Infinity) < (b.validTo ?? Infinity) && (b.validFrom ?? -Infinity) < (a.validTo ?? Infinity)
}

const parked = /^(?:be )?park (?:at|in|on|near|by|under|behind)$/
const parkings = ['be park', 'park'].flatMap((verb) =>
  ['at', 'in', 'on', 'near', 'by', 'under', 'behind'].map((place) => `${verb} ${place}`),
)
const articles = new Set(['the', 'a', 'an', 'my', 'our', 'at', 'in', 'on'])
const attribute =
  /(?:^|\s)(?:password|passcode|passphrase|passwort|pin|code|combination|number|birthday|birthdate|date of birth|address|e-?mail|email address|licen[cs]e plate|plate|gate|platform|seat|deadline|due date|surname|last name|first name|maiden name|capital|price|rent|salary|weight|height|age|size|shoe size|blood type)(?: (?:of|for|to)\b.*)?$/
const weekday = /^(?:on |every |next )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b/
const colour = /^(?:light |dark )?(?:red|blue|green|yellow|black|white|grey|gray|brown|orange|purple|pink|silver|gold)$/
const judged =
  /^(?:very |too |so |really |not )?(?:long|short|wrong|right|correct|secret|weak|strong|safe|new|old|important|expired|due|lost|known|unknown|good|bad|high|low|easy|hard|the same|different|taken|free|valid|invalid|ready|open|closed|(?:in|on|at|under|behind) .*)$/
