import { cosine } from '@perstream/kit'
import type { Triplet } from '@perstream/spec'

interface Node {
  readonly label: string
  readonly embedding: Float32Array
}

interface Edge {
  readonly source: Node
  readonly predicate: string
  readonly target: Node
}

/** The prototype's find-or-create (BEHAVIOUR.md 6.3), one category: a scan of all nodes for each end, then of all edges. */
export class PrototypeCreate {
  readonly #nodes: Node[] = []
  readonly #edges: Edge[] = []

  /** Puts a triplet in without looking for it. */
  fill({ subject, predicate, object }: Triplet, embed: (label: string) => Float32Array): void {
    const [source, target] = [subject, object].map((label) => ({ label, embedding: embed(label) }))
    this.#nodes.push(source!, target!)
    this.#edges.push({ source: source!, predicate, target: target! })
  }

  create({ subject, predicate, object }: Triplet, embed: (label: string) => Float32Array): void {
    const source = this.#findOrCreate(subject, embed)
    const target = this.#findOrCreate(object, embed)
    for (const edge of this.#edges)
      if (edge.source === source && edge.target === target && edge.predicate === predicate) return
    this.#edges.push({ source, predicate, target })
  }

  #findOrCreate(label: string, embed: (label: string) => Float32Array): Node {
    const key = label.toLowerCase().trim()
    for (const node of this.#nodes) if (node.label.toLowerCase().trim() === key) return node
    const embedding = embed(label)
    let best: Node | undefined
    let highest = 0
    for (const node of this.#nodes) {
      const similarity = cosine(embedding, node.embedding)
      if (similarity > highest) [best, highest] = [node, similarity]
    }
    if (best && highest >= 0.9) return best
    const node = { label, embedding }
    this.#nodes.push(node)
    return node
  }
}
