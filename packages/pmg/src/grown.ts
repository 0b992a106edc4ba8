type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array

/** The column itself where it has so many places, else a longer one with the same values, then zeros. */
export function grown<Kind extends Column>(column: Kind, length: number, factor = 2): Kind {
  if (length <= column.length) return column
  const longer = new (column.constructor as new (length: number) => Kind)(
    Math.max(length, Math.ceil(column.length * factor)),
  )
  longer.set(column)
  return longer
}
