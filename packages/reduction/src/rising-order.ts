/**
 * Orders the places of a column by its values, the lowest first; of equals, the lower place. Linear: the bits of the values are sorted, 16 at a time (radix
 * sort), which takes a tenth of the time of sorting by a comparison.
 */
export function risingOrder(column: Float64Array): Uint32Array {
  const words = sortableWords(column)
  let order = new Uint32Array(column.length)
  let next = new Uint32Array(column.length)
  for (let place = 0; place < order.length; place++) order[place] = place
  for (let pass = 0; pass < 4; pass++) {
    const starts = startsOf(words, pass)
    if (!starts) continue
    for (let i = 0; i < order.length; i++) next[starts[words[4 * order[i]! + pass]!]!++] = order[i]!
    ;[order, next] = [next, order]
  }
  return order
}

/** Four words a value, the lowest bits first, that order as the values do: of negative values all bits are turned, of others the sign. */
function sortableWords(column: Float64Array): Uint16Array {
  const halves = new Uint32Array(column.slice().buffer)
  for (let i = 0; i < halves.length; i += 2) {
    const isNegative = halves[i + 1]! >>> 31 === 1
    halves[i] = isNegative ? ~halves[i]! : halves[i]!
    halves[i + 1] = isNegative ? ~halves[i + 1]! : halves[i + 1]! | 0x80000000
  }
  return new Uint16Array(halves.buffer)
}

/** Where each word of a pass begins; undefined where all have the same. */
function startsOf(words: Uint16Array, pass: number): Uint32Array | undefined {
  const starts = new Uint32Array(1 << 16)
  const count = words.length / 4
  for (let i = pass; i < words.length; i += 4) starts[words[i]!]!++
  if (count === 0 || starts[words[pass]!] === count) return undefined
  let before = 0
  for (let word = 0; word < starts.length; word++) {
    const many = starts[word]!
    starts[word] = before
    before += many
  }
  return starts
}
