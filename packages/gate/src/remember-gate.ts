import type { CallOptions, GateContext, GateMode, MemoryCategory, RememberGate, TextEncoder } from '@perstream/spec'
import { backgroundTexts } from './background'
import { createCalibratedScore } from './calibrated-score'
import { memoryCategories } from './categories'
import { type EmbeddingCache, embedOnce } from './embeddings'
import { absoluteScore, type CategoryScore, hasDirection, perPatchScore, relativeScore } from './scores'
import {
  checkCategories,
  checkDifferent,
  checkHeadings,
  checkTexts,
  checkThreshold,
  checkVectors,
  defaultThresholds,
} from './validation'

/** How a gate is made. */
export interface RememberGateOptions extends CallOptions {
  /** Embeds the categories; the vectors that are decided on must be of its space. */
  readonly text: TextEncoder
  /** Default 'calibrated'. */
  readonly mode?: GateMode | undefined
  /**
   * Remembered when the score is larger, strictly. Default and unit by mode: `calibrated` 0.5, a probability 0..1;
   * `relative` and `per-patch` 0.3, 0..1 (gamma of the prototype); `absolute` 0.25, a cosine -1..1.
   */
  readonly threshold?: number | undefined
  /** Default: {@link memoryCategories}. */
  readonly categories?: readonly MemoryCategory[] | undefined
  /** Sentences that are not worth remembering; only `calibrated` reads them. Default: {@link backgroundTexts}. */
  readonly background?: readonly string[] | undefined
  /** Keeps the vectors of the texts, such as a `Map` that is saved. Default: one cache per encoder object. */
  readonly cache?: EmbeddingCache | undefined
}

type Scorer = (vectors: readonly Float32Array[], context: GateContext) => CategoryScore

/**
 * Makes a gate: embeds the category texts (and for `calibrated` some 400 sentences) once, then decides without the encoder.
 * @throws TypeError when an option is wrong
 * @throws PerStreamError `model-invalid` when the encoder gives vectors of another width, zeros for a category, or the same for all
 */
export async function createRememberGate(options: RememberGateOptions): Promise<RememberGate> {
  const { text, mode = 'calibrated', categories = memoryCategories } = options
  const threshold = checkThreshold(mode, options.threshold ?? defaultThresholds[mode])
  checkCategories(categories)
  const score = await createScorer(mode, categories, options)
  return {
    space: text.space,
    mode,
    threshold,
    categories,
    decide(vectors, context = {}) {
      checkVectors('vectors', vectors, text)
      if (vectors.length === 0) throw new TypeError('vectors is empty: give at least one')
      checkVectors('context.recent', context.recent ?? [], text)
      const { score: value, index } = score(vectors, context)
      return { remember: value > threshold, score: value, threshold, mode, category: categories[index]!.key }
    },
  }
}

async function createScorer(
  mode: GateMode,
  categories: readonly MemoryCategory[],
  options: RememberGateOptions,
): Promise<Scorer> {
  const headings = await embedOnce(options.text, categories.map(heading), options)
  checkHeadings(options.text, categories, headings)
  if (mode === 'calibrated') return createLearnedScorer(headings, categories, options)
  const score = { relative: relativeScore, absolute: absoluteScore, 'per-patch': perPatchScore }[mode]
  return (vectors) => score(vectors, headings)
}

async function createLearnedScorer(
  headings: readonly Float32Array[],
  categories: readonly MemoryCategory[],
  options: RememberGateOptions,
): Promise<Scorer> {
  const background = options.background ?? backgroundTexts
  const examples = categories.map(({ examples = [] }) => examples)
  checkTexts('categories[].examples', examples.flat())
  checkTexts('background', background)
  const all = [...new Set([...examples.flat(), ...background])]
  const vectors = await embedOnce(options.text, all, options)
  const known = new Map(all.map((text, i) => [text, vectors[i]!]))
  const lookUp = (texts: readonly string[]) => texts.map((text) => known.get(text)!).filter(hasDirection)
  const sample = {
    categories: examples.map((texts, k) => ({ heading: headings[k]!, examples: lookUp(texts) })),
    background: lookUp([...new Set(background)]),
  }
  checkDifferent(
    'categories[].examples',
    sample.categories.flatMap((category) => category.examples),
    options.text,
  )
  checkDifferent('background', sample.background, options.text)
  return createCalibratedScore(sample)
}

/** What the encoder reads of a category, word for word the form of the prototype. */
function heading({ key, description }: MemoryCategory): string {
  return `Category: ${key}. Description: ${description}`
}
