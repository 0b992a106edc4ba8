import type { Triplet, TripletExtractor } from '@perstream/spec'
import type { AiService } from './service'
import { askStructured, type StructuredForm } from './structured'

/** How triplets are asked for. */
export interface AiTripletOptions {
  /** Triplets at most for one text, 1 or more. Default 2, the prototype's. */
  readonly maxTriplets?: number | undefined
}

/**
 * Makes an extractor of triplets. The task is the prototype's (BEHAVIOUR.md 9.1); of its faults none is kept: replies in prose, fences or
 * single objects are read, incomplete triplets go before the list is cut, and an empty list means that the model found none.
 */
export function createTripletExtractor(
  service: AiService,
  { maxTriplets = 2 }: AiTripletOptions = {},
): TripletExtractor {
  if (!Number.isInteger(maxTriplets) || maxTriplets < 1)
    throw new TypeError(`maxTriplets is ${maxTriplets}: it must be a whole number, 1 or more`)
  const form = tripletForm(maxTriplets)
  return {
    async extract(text, call = {}) {
      call.signal?.throwIfAborted()
      if (!/[\p{L}\p{N}]/u.test(text)) return []
      const { triplets } = await askStructured(service, form, [{ kind: 'data', label: 'Text', text }], call)
      return triplets.slice(0, maxTriplets)
    },
  }
}

function tripletForm(maxTriplets: number): StructuredForm<{ triplets: Triplet[] }> {
  return {
    name: 'triplets',
    instructions: `You split a text into triplets of subject, predicate and object: at most ${maxTriplets}, the most important relation first.
Subject and object are bare nouns or names; every other detail (place, manner, tool, hand, time) belongs into the predicate. Use the words of the text and add nothing.
Reply with JSON alone: {"triplets":[{"subject":"...","predicate":"...","object":"..."}]}. If the text tells of no relation, reply {"triplets":[]}.
Examples of texts and replies:
A man picks up a red cup from the table with his left hand. -> {"triplets":[{"subject":"man","predicate":"picks up with left hand from table","object":"red cup"}]}
She opens the fridge and takes out milk. -> {"triplets":[{"subject":"she","predicate":"opens","object":"fridge"},{"subject":"she","predicate":"takes out of fridge","object":"milk"}]}`,
    schema: (z) => {
      const filled = z.string().refine((text) => text !== '')
      return z.object({ triplets: z.array(z.object({ subject: filled, predicate: filled, object: filled })) })
    },
    coerce: coerceTriplets,
    maxOutputTokens: 200 + 100 * maxTriplets,
  }
}

/** Takes a list, a list within an object, or one triplet. A list of which nothing can be used is no list of triplets. */
function coerceTriplets(value: unknown): unknown {
  const items = listIn(value)
  if (!items) return undefined
  const triplets = items.flatMap(toTriplet)
  return items.length > 0 && triplets.length === 0 ? undefined : { triplets }
}

function listIn(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null) return undefined
  if ('subject' in value) return [value]
  const lists = Object.values(value).filter(Array.isArray)
  return lists.length === 1 ? lists[0] : undefined
}

function toTriplet(value: unknown): Triplet[] {
  const item = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const [subject, predicate, object] = [item.subject, item.predicate, item.object].map(toWords)
  return subject && predicate && object ? [{ subject, predicate, object }] : []
}

function toWords(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).replace(/\s+/g, ' ').trim() : ''
}
