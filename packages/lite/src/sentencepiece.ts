/** A vocabulary: pieces with their log probabilities; the place of a piece is its id. */
export type UnigramVocabulary = readonly (readonly [piece: string, score: number | null])[]

/** Splits text into the ids of pieces. */
export type Tokenize = (text: string) => number[]

const wordStart = '\u2581'
const unknown = 0
/** Ids below are control symbols that text never becomes. */
const reserved = 6

interface TrieNode {
  readonly next: Map<string, TrieNode>
  id: number | undefined
}

/**
 * Makes the tokeniser of a SentencePiece unigram model: the split with the highest sum of log probabilities, found by
 * the Viterbi algorithm over NFKC-normalised text; adjacent unknown characters are one id 0. Ids equal those of
 * @energetic-ai/embeddings, its reading of damaged scores (`null` counts 0) included.
 */
export function createUnigramTokenizer(vocabulary: UnigramVocabulary): Tokenize {
  const root = buildTrie(vocabulary)
  const scores = Float64Array.from(vocabulary, ([, score]) => score ?? 0)
  const lengths = vocabulary.map(([piece]) => [...piece].length)
  return (text) => {
    const symbols = [...prepare(text)]
    const ids = bestPath(symbols, root, scores, lengths)
    const path: number[] = []
    for (let end = symbols.length; end > 0; end -= lengths[ids[end]!]!) {
      const id = ids[end]!
      if (id !== unknown || path.at(-1) !== unknown) path.push(id)
    }
    return path.reverse()
  }
}

function buildTrie(vocabulary: UnigramVocabulary): TrieNode {
  const root: TrieNode = { next: new Map(), id: undefined }
  vocabulary.forEach(([piece], id) => {
    if (id < reserved) return
    let node = root
    for (const symbol of piece) {
      const next: TrieNode = node.next.get(symbol) ?? { next: new Map(), id: undefined }
      node.next.set(symbol, next)
      node = next
    }
    node.id = id
  })
  return root
}

function prepare(text: string): string {
  const normalized = text.normalize('NFKC')
  return normalized === '' ? '' : wordStart + normalized.replaceAll(' ', wordStart)
}

/** The id of the best piece that ends at each place; a later one wins a tie. A score of 0 stands for "none yet". */
function bestPath(
  symbols: readonly string[],
  root: TrieNode,
  scores: Float64Array,
  lengths: readonly number[],
): Int32Array {
  const best = new Float64Array(symbols.length + 1)
  const ids = new Int32Array(symbols.length + 1)
  const offer = (start: number, id: number) => {
    const end = start + lengths[id]!
    const score = scores[id]! + best[start]!
    if (best[end] === 0 || score >= best[end]!) {
      best[end] = score
      ids[end] = id
    }
  }
  for (let start = 0; start < symbols.length; start++) {
    let found = false
    let node = root.next.get(symbols[start]!)
    for (let place = start + 1; node; place++) {
      if (node.id !== undefined) {
        offer(start, node.id)
        found = true
      }
      node = place < symbols.length ? node.next.get(symbols[place]!) : undefined
    }
    if (!found) offer(start, unknown)
  }
  return ids
}
