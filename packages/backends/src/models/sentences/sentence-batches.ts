/** Texts that are encoded in one run. */
export interface SentenceBatch {
  /** Their places among all. */
  readonly places: readonly number[]
  /** The ids of the longest. */
  readonly length: number
}

/** Places that one run computes, padding among them. */
const mostPlaces = 2048

/**
 * Groups texts of similar length, so that little is computed for padding. The longest come first: what does not fit in
 * memory fails at once.
 * @param lengths the ids of each text
 */
export function batchByLength(lengths: readonly number[]): SentenceBatch[] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]!)
  const batches: { places: number[]; length: number }[] = []
  for (const place of order) {
    const last = batches.at(-1)
    const fits = last && (last.places.length + 1) * last.length <= mostPlaces && lengths[place]! * 1.5 >= last.length
    if (fits) last.places.push(place)
    else batches.push({ places: [place], length: lengths[place]! })
  }
  return batches
}
