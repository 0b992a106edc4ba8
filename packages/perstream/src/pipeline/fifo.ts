/** A first-in-first-out list of bounded length: the newest entries, oldest first. */
export interface Fifo<Value> {
  push(value: Value): void
  readonly values: readonly Value[]
}

export function createFifo<Value>(capacity: number): Fifo<Value> {
  const values: Value[] = []
  return {
    values,
    push(value) {
      values.push(value)
      if (values.length > capacity) values.shift()
    },
  }
}
