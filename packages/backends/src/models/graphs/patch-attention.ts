import type { GraphValue } from '@perstream/onnx'
import type { Operators } from './operators'
import type { PatchGroups } from './patch-groups'

/** Queries, keys and values of all patches, [patches, heads * headWidth] each, queries and keys turned by position. */
export interface PatchAttention {
  readonly query: GraphValue
  readonly key: GraphValue
  readonly value: GraphValue
  readonly heads: number
  readonly headWidth: number
}

/** Attends within groups: [patches, heads * headWidth]. */
export function patchAttention(
  operators: Operators,
  groups: PatchGroups,
  { query, key, value, heads, headWidth }: PatchAttention,
): GraphValue {
  const { gather, reshape, transpose, multiply, matmul, add, softmax, scalar } = operators
  const grouped = (x: GraphValue) => reshape(gather(x, groups.members), -1, groups.size, heads, headWidth)
  const queries = transpose(grouped(multiply(query, scalar(headWidth ** -0.5))), 0, 2, 1, 3)
  const keys = transpose(grouped(key), 0, 2, 3, 1)
  const values = transpose(grouped(value), 0, 2, 1, 3)
  const shares = softmax(add(matmul(queries, keys), groups.mask)) // [groups, heads, size, size]
  const answers = reshape(transpose(matmul(shares, values), 0, 2, 1, 3), -1, heads * headWidth)
  return gather(answers, groups.places)
}
