import type { GraphValue } from '@perstream/onnx'
import type { Operators } from './operators'
import type { PatchPlaces } from './patch-places'

/**
 * Reads a square table of learned positions at every patch: corners lie on corners, places between are blended from four
 * entries (Qwen3-VL).
 * @param table [side * side, width]
 * @returns [patches, width]
 */
export function readPositionTable(
  operators: Operators,
  table: GraphValue,
  { row, column, height, width }: PatchPlaces,
  side: number,
): GraphValue {
  const { gather, multiply, add, unsqueeze, index } = operators
  const rows = blend(operators, row, height, side)
  const columns = blend(operators, column, width, side)
  const corners = rows.flatMap((down) =>
    columns.map((across) => {
      const entries = gather(table, add(multiply(down.entry, index(side)), across.entry))
      return multiply(entries, unsqueeze(multiply(down.share, across.share), 1))
    }),
  )
  return corners.reduce((total, corner) => add(total, corner))
}

/** The two entries of an axis that a place lies between, and the share of each. */
function blend(
  { cast, multiply, divide, subtract, add, apply, scalar, index }: Operators,
  place: GraphValue,
  size: GraphValue,
  side: number,
): { readonly entry: GraphValue; readonly share: GraphValue }[] {
  const steps = apply('Max', cast(subtract(size, index(1)), 'float32'), scalar(1))
  const exact = divide(multiply(cast(place, 'float32'), scalar(side - 1)), steps)
  const floor = apply('Floor', exact)
  const share = subtract(exact, floor)
  const entry = cast(floor, 'int64')
  const next = apply('Min', add(entry, index(1)), index(side - 1))
  return [
    { entry, share: subtract(scalar(1), share) },
    { entry: next, share },
  ]
}
