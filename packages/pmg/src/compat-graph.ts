import { cosine } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'
import { printCompatGraph } from './compat-print'
import type { CompatEdge, CompatMemory, CompatNode } from './compat-records'
import {
  type CompatMemoryUsage,
  type CompatReduction,
  type CompatReductionMode,
  memoryUsage,
  reduceNodes,
} from './compat-reduce'

/** A node that was found. */
export interface CompatHit {
  readonly node: CompatNode
  readonly similarity: number
}

/** What a node can be changed to. */
export interface CompatNodeChanges {
  readonly label?: string | undefined
  readonly text?: string | undefined
  /** Becomes the caption embedding; the prototype puts it where nothing reads it (B-36). */
  readonly embedding?: Float32Array | undefined
  readonly mean?: Float32Array | undefined
  readonly nearest?: Float32Array | undefined
}

/** How a compat graph is made. */
export interface CompatGraphOptions {
  /** Embeds labels and questions; called once for each label that is not known by its words. */
  readonly embed: (text: string) => Float32Array | Promise<Float32Array>
  /** Labels whose cosine reaches it, inclusive, are one node. Default 0.9. */
  readonly threshold?: number | undefined
  /** Nodes below it are walked through, not returned. Default 0. */
  readonly delta?: number | undefined
  /** Makes new nodes and edges always. Default false. */
  readonly allowDuplicates?: boolean | undefined
  /** In order, which retrieval follows. Default: the prototype's 34. */
  readonly categories?: readonly string[] | undefined
}

/** The prototype's graph, behaviour for behaviour (BEHAVIOUR: section 6), its Python exceptions being typed errors. */
export interface CompatGraph {
  /** In creation order. */
  readonly nodes: readonly CompatNode[]
  readonly edges: readonly CompatEdge[]
  /** How many edges were ever made. */
  readonly sequenceCounter: number
  /**
   * Finds or creates subject and object, and an edge between them. A found object drops the memory, as the prototype does (B-31).
   * @throws PerStreamError `category-unknown`, the graph unchanged (the prototype stores a broken edge: B-30)
   */
  create(
    triplet: { readonly subject: string; readonly predicate: string; readonly object: string },
    category: string,
    memory?: CompatMemory,
  ): Promise<{ subject: string; edge: string; object: string }>
  /** Embeds the text, then as {@link retrieveByEmbedding}. */
  retrieve(text: string, options?: CompatRetrieveOptions): Promise<CompatHit[]>
  /**
   * Walks from the nearest nodes along outgoing edges: the walks one after the other, not sorted again and not limited to `topK`.
   * @throws PerStreamError `category-unknown`
   */
  retrieveByEmbedding(vector: Float32Array, options?: CompatRetrieveOptions): CompatHit[]
  /** False when there is no such node. */
  update(id: string, changes: CompatNodeChanges): boolean
  /**
   * Takes parts of nodes away, those first that were visited least, until so many bytes are counted as freed (BEHAVIOUR: section 7). What
   * is missing takes no bytes, where the prototype throws (B-44).
   * @param bytes to free, where the prototype takes MiB; 0 or more
   * @param mode default 'NSBG'
   * @throws TypeError
   */
  reduce(bytes: number, mode?: CompatReductionMode): CompatReduction
  /** What the nodes take, as the prototype estimates it. */
  memoryUsage(): CompatMemoryUsage
  /** Removes a node and its edges; false when there is no such node. */
  delete(id: string): boolean
  /** How often a node was returned; 0 for one that is gone. */
  visits(id: string): number
  /** The prototype's printed form. */
  toString(): string
}

/** What the prototype's retrieval takes. */
export interface CompatRetrieveOptions {
  /** How many nodes to walk from. Default 5. */
  readonly topK?: number | undefined
  /** Default: the graph's. */
  readonly delta?: number | undefined
  /** None or empty: all. */
  readonly categories?: readonly string[] | undefined
}

/** Makes a graph that behaves as the prototype's does. Defaults are its class defaults. */
export function createCompatGraph(options: CompatGraphOptions): CompatGraph {
  return new PrototypeGraph(options)
}

const none = new Float32Array(0)

class PrototypeGraph implements CompatGraph {
  readonly #embed: CompatGraphOptions['embed']
  readonly #threshold: number
  readonly #delta: number
  readonly #allowDuplicates: boolean
  readonly #forest: Map<string, string[]>
  readonly #nodes = new Map<string, CompatNode>()
  readonly #edges = new Map<string, CompatEdge>()
  readonly #outgoing = new Map<string, string[]>()
  /** Absent until something is found or reduced (B-46). */
  #visits: Map<string, number> | undefined
  sequenceCounter = 0

  constructor(options: CompatGraphOptions) {
    const { embed, threshold = 0.9, delta = 0, allowDuplicates = false, categories = prototypeCategories } = options
    this.#embed = embed
    this.#threshold = threshold
    this.#delta = delta
    this.#allowDuplicates = allowDuplicates
    this.#forest = new Map(categories.map((category) => [category, []]))
  }

  get nodes(): CompatNode[] {
    return [...this.#nodes.values()]
  }

  get edges(): CompatEdge[] {
    return [...this.#edges.values()]
  }

  async create(
    { subject, predicate, object }: { subject: string; predicate: string; object: string },
    category: string,
    memory: CompatMemory = {},
  ): Promise<{ subject: string; edge: string; object: string }> {
    this.#idsOf(category)
    const source = await this.#findOrCreate(category, subject, undefined)
    const target = await this.#findOrCreate(category, object, memory)
    const same = this.edges.find(
      (edge) => edge.source === source && edge.target === target && edge.predicate === predicate,
    )
    const edge = same && !this.#allowDuplicates ? same.id : this.#addEdge(source, target, predicate)
    return { subject: source, edge, object: target }
  }

  async retrieve(text: string, options: CompatRetrieveOptions = {}): Promise<CompatHit[]> {
    return this.retrieveByEmbedding(await this.#embed(text), options)
  }

  retrieveByEmbedding(vector: Float32Array, options: CompatRetrieveOptions = {}): CompatHit[] {
    const { topK = 5, delta = this.#delta, categories = [] } = options
    const ids = (categories.length > 0 ? categories : [...this.#forest.keys()]).flatMap((category) =>
      this.#idsOf(category),
    )
    const scored = ids
      .map((id) => this.#nodes.get(id)!)
      .filter((node) => node.captionEmbedding.length > 0)
      .map((node) => ({ node, similarity: cosine(vector, node.captionEmbedding) }))
    const starts = scored.sort((a, b) => b.similarity - a.similarity).slice(0, topK)
    const visited = new Set<string>()
    const hits: CompatHit[] = []
    for (const { node, similarity } of starts)
      if (!visited.has(node.id) && similarity >= delta) hits.push(...this.#walk(node.id, vector, delta, visited))
    if (hits.length > 0) this.#visits ??= new Map()
    for (const { node } of hits) this.#visits!.set(node.id, this.visits(node.id) + 1)
    return hits
  }

  update(id: string, { label, text, embedding, mean, nearest }: CompatNodeChanges): boolean {
    const node = this.#nodes.get(id)
    if (!node) return false
    if (label !== undefined) node.label = label
    if (text !== undefined) node.text = text
    if (embedding) node.captionEmbedding = embedding
    if (mean) node.mean = mean
    if (nearest) node.nearest = nearest
    node.updatedAt = Date.now()
    return true
  }

  reduce(bytes: number, mode: CompatReductionMode = 'NSBG'): CompatReduction {
    if (!(bytes >= 0)) throw new TypeError(`bytes is ${bytes}: it must be 0 or more`)
    if (mode !== 'NSBG' && mode !== 'GSBN')
      throw new TypeError(`mode is ${JSON.stringify(mode)}: it must be "NSBG" or "GSBN"`)
    this.#visits ??= new Map(this.nodes.map(({ id, createdAt }) => [id, visitsByAge(createdAt)]))
    const coldFirst = this.nodes.sort((a, b) => this.visits(a.id) - this.visits(b.id))
    return reduceNodes(coldFirst, bytes, mode)
  }

  memoryUsage(): CompatMemoryUsage {
    return memoryUsage(this.nodes, this.#edges.size)
  }

  delete(id: string): boolean {
    const node = this.#nodes.get(id)
    if (!node) return false
    const siblings = this.#idsOf(node.category)
    siblings.splice(siblings.indexOf(id), 1)
    for (const edge of this.edges) {
      if (edge.source !== id && edge.target !== id) continue
      this.#edges.delete(edge.id)
      const targets = this.#outgoing.get(edge.source)!
      targets.splice(targets.indexOf(edge.target), 1)
    }
    this.#outgoing.delete(id)
    this.#visits?.delete(id)
    return this.#nodes.delete(id)
  }

  visits(id: string): number {
    return this.#visits?.get(id) ?? 0
  }

  toString(): string {
    const groups = [...this.#forest].map(([category, ids]) => ({
      category,
      nodes: ids.map((id) => this.#nodes.get(id)!),
      edges: this.edges.filter((edge) => this.#nodes.get(edge.source)!.category === category),
    }))
    return printCompatGraph({ groups, threshold: this.#threshold, find: (id) => this.#nodes.get(id)! })
  }

  /** Explicit stack, so that the neighbour added last is visited first. */
  #walk(start: string, vector: Float32Array, delta: number, visited: Set<string>): CompatHit[] {
    const hits: CompatHit[] = []
    const stack = [start]
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (visited.has(id)) continue
      visited.add(id)
      const node = this.#nodes.get(id)!
      if (node.captionEmbedding.length > 0) {
        const similarity = cosine(vector, node.captionEmbedding)
        if (similarity >= delta) hits.push({ node, similarity })
      }
      stack.push(...(this.#outgoing.get(id) ?? []).filter((next) => !visited.has(next)))
    }
    return hits
  }

  /** A subject (no memory) keeps its own label as its words; an object keeps the memory. */
  async #findOrCreate(category: string, label: string, memory: CompatMemory | undefined): Promise<string> {
    const exact = this.#allowDuplicates ? undefined : this.#byLabel(category, label)
    if (exact) return exact.id
    const labelEmbedding = await this.#embed(label)
    const near = this.#allowDuplicates ? undefined : this.#byCosine(category, labelEmbedding)
    if (near) return near.id
    const stored = memory ?? { text: label, embedding: labelEmbedding }
    return this.#addNode(category, label, labelEmbedding, stored)
  }

  #byLabel(category: string, label: string): CompatNode | undefined {
    const wanted = label.toLowerCase().trim()
    return this.#nodesOf(category).find((node) => node.label.toLowerCase().trim() === wanted)
  }

  /** The search starts at 0: a label with only negative cosines is new even with threshold 0. */
  #byCosine(category: string, embedding: Float32Array): CompatNode | undefined {
    let best: CompatNode | undefined
    let highest = 0
    for (const node of this.#nodesOf(category)) {
      const similarity = cosine(embedding, node.labelEmbedding)
      if (similarity > highest) [best, highest] = [node, similarity]
    }
    return highest >= this.#threshold ? best : undefined
  }

  #addNode(category: string, label: string, labelEmbedding: Float32Array, memory: CompatMemory): string {
    const id = crypto.randomUUID()
    const at = Date.now()
    this.#nodes.set(id, {
      id,
      label,
      category,
      labelEmbedding,
      text: memory.text,
      captionEmbedding: memory.embedding ?? none,
      mean: memory.mean ?? none,
      nearest: memory.nearest ?? none,
      createdAt: at,
      updatedAt: at,
    })
    this.#idsOf(category).push(id)
    return id
  }

  #addEdge(source: string, target: string, predicate: string): string {
    const id = crypto.randomUUID()
    this.sequenceCounter++
    this.#edges.set(id, { id, source, target, predicate, sequence: this.sequenceCounter, createdAt: Date.now() })
    const targets = this.#outgoing.get(source)
    if (targets) targets.push(target)
    else this.#outgoing.set(source, [target])
    return id
  }

  #nodesOf(category: string): CompatNode[] {
    return this.#idsOf(category).map((id) => this.#nodes.get(id)!)
  }

  #idsOf(category: string): string[] {
    const ids = this.#forest.get(category)
    if (ids) return ids
    throw new PerStreamError(
      'category-unknown',
      `category "${category}" is not one of: ${[...this.#forest.keys()].join(', ')}`,
      { fields: { category } },
    )
  }
}

/** BEHAVIOUR 4.5, in order. */
const prototypeCategories =
  'name identification vehicle contact education nickname age physical birth employment medical health transactions financial cards apps schedule browsing mentioned phrases travel location places relationships birthdays interests addresses personal_interests notes media app_data contacts_list chat messages'.split(
    ' ',
  )

const day = 24 * 60 * 60 * 1000

/** What counts for visits where none was ever counted: 30, and 1 less for each whole day, but 1 at least. */
function visitsByAge(createdAt: number): number {
  return Math.max(1, 30 - Math.floor((Date.now() - createdAt) / day))
}
