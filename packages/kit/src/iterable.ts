/** Gathers all values of a stream. */
export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const list: Value[] = []
  for await (const value of values) list.push(value)
  return list
}

/** Runs a function on each value, one at a time, in order. Leaving the loop closes the source. */
export async function* mapAsync<In, Out>(
  values: AsyncIterable<In>,
  map: (value: In) => Out | Promise<Out>,
): AsyncGenerator<Out, void, void> {
  for await (const value of values) yield await map(value)
}
