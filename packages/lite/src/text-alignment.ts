/** Pairs of places in two texts, in order; -1 where one of them has nothing. */
type Alignment = readonly (readonly [number, number])[]

/** How characters are compared: letters that differ in case only cost little, so that they still line up. */
function cost(a: string, b: string): number {
  if (a === b) return 0
  return a.toLowerCase() === b.toLowerCase() ? 0.25 : 1
}

/**
 * Aligns two texts with the fewest edits (Levenshtein); of equal ways the one that lines up further left. Time and memory:
 * the product of their lengths.
 */
export function align(a: string, b: string): Alignment {
  if (a === b) return Array.from(a, (_, i) => [i, i] as const)
  const width = b.length + 1
  const table = new Float32Array((a.length + 1) * width)
  for (let i = 0; i <= a.length; i++)
    for (let j = 0; j <= b.length; j++) {
      const at = i * width + j
      if (i === 0 || j === 0) table[at] = i + j
      else {
        const both = table[at - width - 1]! + cost(a[i - 1]!, b[j - 1]!)
        table[at] = Math.min(both, table[at - width]! + 1, table[at - 1]! + 1)
      }
    }
  const pairs: [number, number][] = []
  for (let i = a.length, j = b.length; i > 0 || j > 0; ) {
    const at = i * width + j
    if (i > 0 && table[at] === table[at - width]! + 1) pairs.push([--i, -1])
    else if (j > 0 && table[at] === table[at - 1]! + 1) pairs.push([-1, --j])
    else pairs.push([--i, --j])
  }
  return pairs.reverse()
}

/** What two readings are compared by: no case, no punctuation, one blank between words. */
export function comparable(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/**
 * 0..1: how alike two comparable texts are: the share of the longer one that lines up. A text of at least five
 * characters that lies within the other one (a line cut by the edge of the picture) counts by the shorter one. 0 when not
 * even half of the characters occur in both.
 */
export function similarity(a: string, b: string): number {
  if (a === b) return 1
  if (a.length < b.length) return similarity(b, a)
  const shorter = b.length
  if (shorter === 0 || sharedCharacters(a, b) * 2 < shorter) return 0
  const whole = 1 - edits(a, b, false) / a.length
  if (shorter < 5 || shorter === a.length) return whole
  return Math.max(whole, 0.95 * (1 - edits(a, b, true) / shorter))
}

/**
 * 0..1: how much of the shorter of two comparable texts occurs in the longer one, in order: "gus wf" is within "guest wi fi
 * password". Blanks do not count.
 */
export function coverage(a: string, b: string): number {
  const [left, right] = [a.replaceAll(' ', ''), b.replaceAll(' ', '')]
  const [longer, shorter] = left.length < right.length ? [right, left] : [left, right]
  return shorter === '' ? 0 : Math.max(0, longer.length - edits(longer, shorter, false)) / shorter.length
}

/** 0..1: how alike a text is to the end of a longer one of which its beginning was cut off, or to the beginning. */
export function endSimilarity(part: string, whole: string): number {
  const ends = [-1, 0, 1].flatMap((more) => {
    const length = part.length + more
    return length < 1 || length > whole.length ? [] : [whole.slice(-length), whole.slice(0, length)]
  })
  return Math.max(0, ...ends.map((end) => 1 - edits(part, end, false) / part.length))
}

/** The fewest edits that make `b` of `a`, or, `within`, of some part of `a`. */
function edits(a: string, b: string, within: boolean): number {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j)
  let least = row[b.length]!
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0]!
    row[0] = within ? 0 : i
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!
      row[j] = Math.min(diagonal + cost(a[i - 1]!, b[j - 1]!), above + 1, row[j - 1]! + 1)
      diagonal = above
    }
    least = Math.min(least, row[b.length]!)
  }
  return within ? least : row[b.length]!
}

/** How many characters two texts have in common, in whatever order: a cheap bound on what can line up. */
function sharedCharacters(a: string, b: string): number {
  const counts = new Int16Array(128)
  for (let i = 0; i < a.length; i++) counts[a.charCodeAt(i) & 127]!++
  let shared = 0
  for (let i = 0; i < b.length; i++) if (counts[b.charCodeAt(i) & 127]!-- > 0) shared++
  return shared
}

/** The part of an alignment between the overhanging ends of the longer text. */
export function innerRange(pairs: Alignment, longerFirst: boolean): readonly [number, number] {
  const overhangs = ([i, j]: readonly [number, number]) => (longerFirst ? j : i) < 0
  let from = 0
  let to = pairs.length
  while (from < to && overhangs(pairs[from]!)) from++
  while (to > from && overhangs(pairs[to - 1]!)) to--
  return [from, to]
}
