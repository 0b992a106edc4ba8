import { encodeAll } from '@perstream/kit'
import type { CallOptions, MemoryInput, MemoryQuery, TextEncoder } from '@perstream/spec'
import { spaceMismatch } from './errors'
import type { GraphState } from './graph-state'
import type { GraphWriter } from './graph-writer'
import { checkedVector } from './memory-input'
import type { QuestionReading } from './question'
import type { QueryVectors } from './retrieval'

/** Words with, perhaps, their vector. */
type Embeddable = Pick<MemoryInput, 'text' | 'embedding' | 'space'>

/** Words whose vector was checked, or made. */
export interface Embedded {
  readonly embedding: Float32Array | undefined
  /** The space of the embedding, when there is one. */
  readonly space: string | undefined
}

/**
 * Checks the vectors of inputs, and makes those that are missing where there is an encoder.
 * @param field what messages call an input
 * @throws TypeError, PerStreamError `space-mismatch`
 */
export async function embedAll(
  inputs: readonly Embeddable[],
  text: TextEncoder | undefined,
  field: (i: number) => string,
  { signal }: CallOptions,
): Promise<Embedded[]> {
  const given = inputs.map((input, i) => checkGiven(input, text, field(i)))
  const missing = text ? inputs.filter((input) => !input.embedding) : []
  const texts = missing.map((input) => input.text)
  const vectors = text && texts.length > 0 ? await encodeAll(text, texts, { signal }) : []
  const made = new Map(missing.map((input, i) => [input, vectors[i]!]))
  return inputs.map((input, i) => {
    const vector = made.get(input)
    if (!vector) return given[i]!
    const isMeant = vector.some((value) => value !== 0)
    return isMeant
      ? { embedding: checkedVector(vector, `the encoder's vector of ${field(i)}`), space: text!.space }
      : { embedding: undefined, space: undefined }
  })
}

function checkGiven({ embedding, space }: Embeddable, text: TextEncoder | undefined, field: string): Embedded {
  if (!embedding) return { embedding: undefined, space: undefined }
  if (space === undefined && !text) throw new TypeError(`${field}.space is missing: name the space of the embedding`)
  if (text && (space ?? text.space) !== text.space) throw spaceMismatch(text.space, space!)
  return { embedding: checkedVector(embedding, `${field}.embedding`), space: space ?? text!.space }
}

/** Makes the space of the inputs the graph's, or sees that it is. @throws PerStreamError `space-mismatch` */
export function adoptSpaces(state: GraphState, writer: GraphWriter, inputs: readonly Embedded[]): void {
  const spaces = inputs.flatMap(({ embedding, space }) =>
    embedding ? [{ id: space!, dimensions: embedding.length }] : [],
  )
  const known = state.space ?? spaces[0]?.id
  const dimensions = state.vectors?.dimensions ?? spaces[0]?.dimensions
  for (const space of spaces)
    if (space.id !== known || space.dimensions !== dimensions)
      throw spaceMismatch(`${known} (${dimensions})`, `${space.id} (${space.dimensions})`)
  if (spaces.length > 0) adoptSpace(state, writer, known!, dimensions!)
}

/** Makes a space the graph's, or sees that it is. @throws PerStreamError `space-mismatch` */
export function adoptSpace(state: GraphState, writer: GraphWriter, id: string, dimensions: number): void {
  if (state.space === undefined) writer.space(id, dimensions)
  else if (state.space !== id || state.vectors!.dimensions !== dimensions)
    throw spaceMismatch(`${state.space} (${state.vectors!.dimensions})`, `${id} (${dimensions})`)
}

/** How the vectors of a question are made. */
interface QueryVectorOptions extends CallOptions {
  readonly reading: QuestionReading | undefined
  readonly text: TextEncoder | undefined
}

/** The vectors of a question and of its parts: given and checked, or made. */
export async function queryVectors(
  { space, vectors }: GraphState,
  query: MemoryQuery,
  { reading, text, signal }: QueryVectorOptions,
): Promise<QueryVectors> {
  if (query.vector) {
    const vector = checkedVector(query.vector, 'query.vector')
    if (!vectors) return {}
    if ((query.space ?? space) !== space || vector.length !== vectors.dimensions)
      throw spaceMismatch(`${space} (${vectors.dimensions})`, `${query.space ?? space} (${vector.length})`)
    return { about: vector }
  }
  if (!text || !reading || !vectors) return {}
  if (text.space !== space)
    throw spaceMismatch(`${space} (${vectors.dimensions})`, `${text.space} (${text.dimensions})`)
  const { about, anchor } = reading
  const made = await encodeAll(text, [about, ...(anchor ? [anchor.words, anchor.rest] : [])], { signal })
  const [first, ...others] = made.map((vector) =>
    vector.some((value) => value !== 0) ? checkedVector(vector, "the encoder's vector of query.text") : undefined,
  )
  return { about: first, anchor: others[0], rest: others[1] }
}
