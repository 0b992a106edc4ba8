/** Dot product of two vectors of equal length, summed in double precision. @throws TypeError on unequal lengths */
export function dot(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length)
    throw new TypeError(`vectors have ${a.length} and ${b.length} elements: they must be equal`)
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** Euclidean length. */
export function norm(a: Float32Array): number {
  return Math.sqrt(dot(a, a))
}

/** Cosine of the angle between two vectors, -1..1; 0 when one of them is zero. @throws TypeError on unequal lengths */
export function cosine(a: Float32Array, b: Float32Array): number {
  const product = norm(a) * norm(b)
  return product === 0 ? 0 : dot(a, b) / product
}

/** A new vector of the same direction and length 1; the zero vector stays zero. */
export function normalize(a: Float32Array): Float32Array {
  const length = norm(a)
  return length === 0 ? new Float32Array(a.length) : a.map((value) => value / length)
}

/** Mean of vectors, element by element. @throws TypeError when there are none or their lengths differ */
export function mean(vectors: readonly Float32Array[]): Float32Array {
  const first = vectors[0]
  if (!first) throw new TypeError('mean of no vectors: give at least one')
  const sum = new Float64Array(first.length)
  for (const vector of vectors) {
    if (vector.length !== sum.length)
      throw new TypeError(`vectors have ${sum.length} and ${vector.length} elements: they must be equal`)
    for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!
  }
  return Float32Array.from(sum, (value) => value / vectors.length)
}
