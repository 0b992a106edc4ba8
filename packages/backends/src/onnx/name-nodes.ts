import type { FieldPlace, NodePlace } from './scan-model'

/** The name that a node without one gets, by its place in the file. */
export function nameOf({ name, at }: NodePlace): string {
  return name === '' ? `perstream.node.${at}` : name
}

/** Names the nodes of a model that have no name, by writing the names into its bytes. Nodes lie in the graph, in order. */
export function nameNodes(model: Uint8Array, graph: FieldPlace, nodes: readonly NodePlace[]): Uint8Array {
  const unnamed = nodes.filter(({ name }) => name === '').sort((a, b) => a.at - b.at)
  if (unnamed.length === 0) return model
  const pieces: Uint8Array[] = []
  let from = graph.start
  for (const node of unnamed) {
    const end = node.start + node.length
    const name = new TextEncoder().encode(nameOf(node))
    const added = Uint8Array.from([(3 << 3) | 2, ...varint(name.length), ...name])
    const head = Uint8Array.from([(1 << 3) | 2, ...varint(node.length + added.length)])
    pieces.push(model.subarray(from, node.at), head, model.subarray(node.start, end), added)
    from = end
  }
  const graphEnd = graph.start + graph.length
  pieces.push(model.subarray(from, graphEnd))
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const head = Uint8Array.from([(7 << 3) | 2, ...varint(length)])
  return concatenate([model.subarray(0, graph.at), head, ...pieces, model.subarray(graphEnd)])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}
