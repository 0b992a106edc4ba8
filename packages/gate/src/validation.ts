import { type GateMode, type MemoryCategory, PerStreamError, type TextEncoder } from '@perstream/spec'
import { hasDirection } from './scores'

/** The threshold of each mode; gamma is the README's 0.3. */
export const defaultThresholds: Readonly<Record<GateMode, number>> = {
  relative: 0.3,
  absolute: 0.25,
  'per-patch': 0.3,
  calibrated: 0.5,
}

const lowest: Readonly<Record<GateMode, number>> = { relative: 0, absolute: -1, 'per-patch': 0, calibrated: 0 }

/** The fewest sentences of a kind that a calibration can be made from. */
const fewestTexts = 4

/** Checks mode and threshold; returns the threshold. */
export function checkThreshold(mode: GateMode, threshold: number): number {
  if (!(mode in defaultThresholds))
    throw new TypeError(`mode is "${mode}": give one of ${Object.keys(defaultThresholds).join(', ')}`)
  if (!(threshold >= lowest[mode] && threshold <= 1))
    throw new TypeError(`threshold is ${threshold}: mode "${mode}" takes a number from ${lowest[mode]} to 1`)
  return threshold
}

/** Checks that there are categories, each with a key of its own and a description. */
export function checkCategories(categories: readonly MemoryCategory[]): void {
  if (categories.length === 0) throw new TypeError('categories is empty: give at least one category')
  const keys = new Set<string>()
  for (const [i, { key, description }] of categories.entries()) {
    if (!key?.trim()) throw new TypeError(`categories[${i}].key is "${key}": give a name`)
    if (keys.has(key))
      throw new TypeError(`categories[${i}].key is "${key}" again: give each category a key of its own`)
    if (!description?.trim()) throw new TypeError(`categories[${i}].description is blank: say what belongs in "${key}"`)
    keys.add(key)
  }
}

/** Checks that there are enough different sentences and no blank ones. */
export function checkTexts(field: string, texts: readonly string[]): void {
  const blank = texts.findIndex((text) => !text.trim())
  if (blank >= 0) throw new TypeError(`${field} has a blank text at ${blank}: leave it out`)
  const count = new Set(texts).size
  if (count < fewestTexts)
    throw new TypeError(
      `${field} has ${count} different sentences: mode "calibrated" learns from them and needs ${fewestTexts} or more (100 for good results); add some, or use mode "absolute"`,
    )
}

/** Checks the length of vectors. */
export function checkVectors(
  field: string,
  vectors: readonly Float32Array[],
  { space, dimensions }: TextEncoder,
): void {
  const wrong = vectors.findIndex((vector) => vector.length !== dimensions)
  if (wrong >= 0)
    throw new TypeError(
      `${field}[${wrong}] has ${vectors[wrong]!.length} elements: the space "${space}" has ${dimensions}`,
    )
}

/** Checks that the encoder can place every category. */
export function checkHeadings(
  { space }: TextEncoder,
  categories: readonly MemoryCategory[],
  headings: readonly Float32Array[],
): void {
  const key = categories[headings.findIndex((heading) => !hasDirection(heading))]?.key
  if (key === undefined) return
  throw new PerStreamError(
    'model-invalid',
    `The text encoder "${space}" gave zeros for the category "${key}": describe it in words that the encoder knows`,
    { fields: { space, category: key } },
  )
}

/** Checks that the encoder tells sentences apart. */
export function checkDifferent(field: string, vectors: readonly Float32Array[], { space }: TextEncoder): void {
  const [first, ...others] = vectors
  if (others.some((other) => other.some((value, i) => value !== first![i]))) return
  throw new PerStreamError(
    'model-invalid',
    `The text encoder "${space}" gave the same vector, or zeros, for all ${field}: it cannot tell them apart. Check the encoder, or the cache handed in.`,
    { fields: { space, field } },
  )
}
