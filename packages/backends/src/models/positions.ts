/** A stretch of image tokens in a prompt: `rows * columns` of them from `start`. */
export interface VisualSpan {
  readonly start: number
  readonly rows: number
  readonly columns: number
}

/** Where the tokens of a prompt stand, and what is added to the number of a later token to have its position. */
export interface PromptPositions {
  /** int64 [axes, length], axes one after the other: time, height, width; or one axis. */
  readonly data: BigInt64Array
  readonly axes: 1 | 3
  readonly length: number
  /** Largest position + 1 - length: token n after the prompt has `n + delta` on all axes. */
  readonly delta: number
}

/**
 * Positions of a prompt with M-RoPE: text counts up by one on all three axes; an image that starts at position s has
 * (s, s + row, s + column), and what follows it has s + the longer side. Of one axis, all tokens count up.
 */
export function promptPositions(
  length: number,
  spans: readonly VisualSpan[],
  { multimodal }: { readonly multimodal: boolean },
): PromptPositions {
  if (!multimodal) return { data: countUp(length), axes: 1, length, delta: 0 }
  const data = new BigInt64Array(3 * length)
  let next = 0
  let at = 0
  const text = (end: number) => {
    for (; at < end; at++, next++) {
      data[at] = data[length + at] = data[2 * length + at] = BigInt(next)
    }
  }
  for (const { start, rows, columns } of spans) {
    text(start)
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at++) {
        data[at] = BigInt(next)
        data[length + at] = BigInt(next + row)
        data[2 * length + at] = BigInt(next + column)
      }
    }
    next += Math.max(rows, columns)
  }
  text(length)
  return { data, axes: 3, length, delta: next - length }
}

/**
 * Positions of the tokens `start` (inclusive) to `end` (exclusive), those behind the prompt too: int64 [axes, end -
 * start].
 */
export function positionsBetween(positions: PromptPositions, start: number, end: number): BigInt64Array {
  const { data, axes, length, delta } = positions
  const slice = new BigInt64Array(axes * (end - start))
  for (let axis = 0; axis < axes; axis++) {
    for (let i = start; i < end; i++) {
      slice[axis * (end - start) + i - start] = i < length ? data[axis * length + i]! : BigInt(i + delta)
    }
  }
  return slice
}

function countUp(length: number): BigInt64Array {
  return BigInt64Array.from({ length }, (_, i) => BigInt(i))
}
