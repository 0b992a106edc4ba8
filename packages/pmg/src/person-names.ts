import type { RelationRecord } from '@perstream/spec'
import type { GraphState } from './graph-state'
import type { PredicateKey } from './predicates'

const relationsRead = 16

/** Whether what stands before a predicate is a person as far as the predicate tells: "Anna likes", not "Berlin is". */
export function isPersonBefore({ key }: PredicateKey, object: string): boolean {
  return personBefore.test(key) || (key === 'be' && /\b(?:my|our|his|her) \p{L}+$|years old$/u.test(object))
}

/** Whether what stands after a predicate is a person as far as the predicate tells: "I met Anna", not "I visited Berlin". */
export function isPersonAfter({ key }: PredicateKey): boolean {
  return personAfter.test(key)
}

/** Whether what is known of an entity says that it is a person. Reads at most 16 of its relations. */
export function isPerson(state: GraphState, id: string): boolean {
  let left = relationsRead
  for (const relation of state.entities.get(id)?.relations ?? []) {
    if (left-- === 0) return false
    if (saysPerson(state, id, state.relations.get(relation)!.record)) return true
  }
  return false
}

function saysPerson(state: GraphState, id: string, { subject, predicate, object }: RelationRecord): boolean {
  const read = state.table.predicates.read(predicate)
  if (subject === id && isPersonBefore(read, state.entities.get(object)!.record.label)) return true
  return object === id && isPersonAfter(read)
}

const personBefore =
  /^(?:like|love|hate|prefer|enjoi|want|say|said|tell|told|ask|repli|call|phone|text|email|live (?:in|at|on|with)|work (?:at|in|for|as|with)|marri|know|knew|plai|eat|ate|drink|drank|drive|drove|cook|sing|sang|teach|taught|studi|speak|spoke|wear|wore|met|meet|invit|help|gave|give|bought|bui|sent|send|visit|think|believ|promis|recommend|borrow|lent|lend|work|drive to|fly to)\b/
const personAfter =
  /^(?:met|meet|call|phone|text|email|ask|tell|told|thank|marri|invit|help|(?:talk|spoke|speak|wrote|write|listen) (?:to|with)|(?:have|had|eat|ate|go|went|plai|plan|work|live|be|met|meet) (?:\w+ )?with)$/
