import type { CallOptions, Generator, Triplet, TripletExtractor } from '@perstream/spec'
import { dataBlock, dataRule } from './data-block'
import { flatObjects } from './json-objects'
import { contentWords } from './support'
import { rulesTurn, wordsTurn, writeReply } from './write-reply'

/** Options of {@link createGeneratorTriplets}. */
export interface GeneratorTripletsOptions {
  /** Triplets of a text at most. Default 2, the prototype's. */
  readonly maxTriplets?: number | undefined
  /** Tokens of a reply at most. Default 200. */
  readonly maxNewTokens?: number | undefined
  /** How often the model is asked at most; the first time greedily, then with temperature 0.7. Default 3. */
  readonly attempts?: number | undefined
}

/**
 * Makes a triplet extractor of a generator. What surrounds the reply's JSON, and a reply cut off in the middle, do
 * not matter; a triplet whose subject or object has a word that is not in the text is dropped. Empty when no attempt
 * gives one: the text can be stored without. (BEHAVIOUR 9.1, 9.2)
 * @throws TypeError for an option out of range
 */
export function createGeneratorTriplets(
  generator: Generator,
  { maxTriplets = 2, maxNewTokens = 200, attempts = 3 }: GeneratorTripletsOptions = {},
): TripletExtractor {
  for (const [name, value] of Object.entries({ maxTriplets, maxNewTokens, attempts })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new TypeError(`${name} is ${value}: it must be a whole number, 1 or more`)
    }
  }
  return {
    async extract(text, { signal }: CallOptions = {}) {
      signal?.throwIfAborted()
      if (!/[\p{L}\p{N}]/u.test(text)) return []
      const prompt = [rulesTurn(rules(maxTriplets)), wordsTurn(`${dataBlock(text)}\n\nTriplets:`)]
      for (let attempt = 0; attempt < attempts; attempt++) {
        const again = attempt === 0 ? {} : { temperature: 0.7, seed: attempt }
        const reply = await writeReply(generator, prompt, { maxNewTokens, signal, ...again })
        const triplets = readTriplets(reply.text, text).slice(0, maxTriplets)
        if (triplets.length > 0) return triplets
      }
      return []
    },
  }
}

function rules(maxTriplets: number): string {
  return `You split a text into at most ${maxTriplets} triplets of subject, predicate and object, the most important first. Subject and object are bare nouns of the text; every other detail (place, manner, tool, hand) belongs into the predicate. Reply with a JSON list alone:
[{"subject": "woman", "predicate": "pours with the left hand", "object": "tea"}]
${dataRule}`
}

function readTriplets(reply: string, text: string): Triplet[] {
  const known = new Set(contentWords(text))
  const isNamed = (part: string) => contentWords(part).every((word) => known.has(word))
  return flatObjects(reply)
    .map(({ subject, predicate, object }) => ({
      subject: toWords(subject),
      predicate: toWords(predicate),
      object: toWords(object),
    }))
    .filter((triplet) => Object.values(triplet).every((part) => part !== ''))
    .filter(({ subject, object }) => isNamed(subject) && isNamed(object))
}

function toWords(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
}
