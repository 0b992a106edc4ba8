import {
  type CallOptions,
  type CreateResult,
  type Entity,
  type Governor,
  type GridReference,
  type Memory,
  type MemoryInput,
  type MemoryQuery,
  type MemoryStore,
  type MemoryVisits,
  type PartTable,
  type PatchGrid,
  PerStreamError,
  type ReductionPlanner,
  type Relation,
  type Reranker,
  type RetrievedMemory,
  type SourceProgress,
  type TensorStore,
  type TextEncoder,
  type WriteOptions,
} from '@perstream/spec'
import { type ChangesOptions, followChanges, type MemoryChange } from './change-feed'
import { adoptSpaces, type Embedded, embedAll, queryVectors } from './embedding-space'
import { entityNotFound, notFound } from './errors'
import { exportLines, exportWithGrids } from './export'
import { importLines } from './graph-import'
import { GraphJournal } from './graph-journal'
import type { GraphState } from './graph-state'
import type { GraphWriter, MemoryChanges } from './graph-writer'
import { GridKeeper } from './grids'
import { type HistoryEntry, historyOf } from './history'
import type { GridReferences } from './made-memory'
import type { MemoryEntry } from './memory-entry'
import type {
  ExportOptions,
  GraphStats,
  ImportResult,
  ListOptions,
  MemoryGraph,
  MemoryUpdate,
  SupersedeOptions,
} from './memory-graph'
import { checkChanges, checkInput, checkOrder, checkProgress, checkQuery } from './memory-input'
import { partsOf } from './part-list'
import { readQuestion } from './question'
import { rerank } from './reranking'
import { type RetrievalWeights, rank } from './retrieval'
import { collectStats } from './stats'
import { checkSuperseded } from './succession'
import type { TimeRange } from './time-expressions'
import { createZoneClock, type ZoneClock } from './zone-clock'

interface Settings {
  readonly store: MemoryStore
  readonly text: TextEncoder | undefined
  readonly reranker: Reranker | undefined
  readonly owner: string
  readonly categories: ReadonlySet<string> | undefined
  readonly tensors: TensorStore | undefined
  readonly now: () => number
  /** The clock that times in questions are read by, where a question does not say. */
  readonly clock: ZoneClock
  readonly weights: RetrievalWeights
}

/** What messages call the input of a place. */
type FieldName = (i: number) => string

const inputField: FieldName = (i) => `inputs[${i}]`

/** Inputs whose vectors and grids are there. */
interface Prepared {
  readonly embedded: readonly Embedded[]
  readonly grids: readonly GridReferences[]
}

/** The graph over a store: checks what it is given, gets vectors and grids ready, and plans writes in the order of the calls. */
export class StoredGraph implements MemoryGraph {
  readonly #settings: Settings
  readonly #journal: GraphJournal
  readonly #grids: GridKeeper | undefined

  constructor(settings: Settings) {
    this.#settings = settings
    this.#grids = settings.tensors && new GridKeeper(settings.tensors)
    const settleGrids = async (ids: ReadonlySet<string>) => this.#grids?.settle(ids, this.#state)
    this.#journal = new GraphJournal({ ...settings, settleGrids })
  }

  /** Reads what the store has, and frees grids that no memory has. */
  async open(options: CallOptions): Promise<void> {
    await this.#journal.open(options)
    await this.#grids?.sweep(this.#state, options)
  }

  get owner(): string {
    return this.#settings.owner
  }

  get space(): string | undefined {
    return this.#state.space
  }

  async create(inputs: readonly MemoryInput[], { progress, signal }: WriteOptions = {}): Promise<CreateResult[]> {
    this.#journal.check(signal)
    this.#checkInputs(inputs, inputField)
    if (progress) checkProgress(progress)
    return this.#writeInputs(inputs, inputField, signal, (writer, prepared) => {
      const results = this.#createAll(writer, inputs, prepared)
      if (progress) writer.progress(progress)
      return results
    })
  }

  update(id: string, changes: MemoryChanges, options?: CallOptions): Promise<Memory>
  update(updates: readonly MemoryUpdate[], options?: CallOptions): Promise<Memory[]>
  async update(
    what: string | readonly MemoryUpdate[],
    changesOrOptions: MemoryChanges | CallOptions = {},
    options: CallOptions = {},
  ): Promise<Memory | Memory[]> {
    if (typeof what !== 'string')
      return this.#updateAll(what, (i) => `updates[${i}].changes`, changesOrOptions as CallOptions)
    const changes = changesOrOptions as MemoryChanges
    const [memory] = await this.#updateAll([{ id: what, changes }], () => 'changes', options)
    return memory!
  }

  async delete(ids: readonly string[], { signal }: CallOptions = {}): Promise<number> {
    this.#journal.check(signal)
    return this.#journal.write(undefined, signal, (writer) => ids.filter((id) => writer.delete(id)).length)
  }

  get bytes(): number {
    return this.#state.bytes
  }

  parts(): PartTable {
    return partsOf(this.#state, this.#settings.now()).table
  }

  async reduce(target: number, plan: ReductionPlanner, { signal }: CallOptions = {}): Promise<void> {
    this.#journal.check(signal)
    if (!(target >= 0)) throw new TypeError(`target is ${target}: it must be a number of bytes, 0 or more`)
    await this.#journal.write(undefined, signal, (writer) => {
      const excess = this.#state.bytes - target
      if (excess > 0) writer.reduce(plan, excess)
    })
  }

  govern(governor: Governor | undefined): void {
    if (governor && !(governor.budget > 0))
      throw new TypeError(`governor.budget is ${governor.budget}: it must be a number of bytes, more than 0`)
    this.#journal.governor = governor
  }

  async supersede(
    old: string | readonly string[],
    by: MemoryInput | string,
    { at, signal }: SupersedeOptions = {},
  ): Promise<Memory> {
    this.#journal.check(signal)
    const oldIds = typeof old === 'string' ? [old] : old
    if (at !== undefined && !Number.isFinite(at)) throw new TypeError(`at is ${at}: it must be a finite number`)
    if (typeof by === 'string')
      return this.#journal.write(undefined, signal, (writer) => {
        if (!this.#state.entries.has(by)) throw notFound(by)
        return writer.supersede(oldIds, by, at)
      })
    this.#checkInputs([by], () => 'by')
    return this.#writeInputs(
      [by],
      () => 'by',
      signal,
      (writer, prepared) => {
        checkSuperseded(this.#state, oldIds, undefined)
        const [result] = this.#createAll(writer, [by], prepared)
        return writer.supersede(oldIds, result!.id, at ?? by.learnedAt)
      },
    )
  }

  async restore(id: string, { signal }: CallOptions = {}): Promise<Memory> {
    this.#journal.check(signal)
    return this.#journal.write(undefined, signal, (writer) => writer.restore(this.#entry(id)))
  }

  async retrieve(query: MemoryQuery, { signal }: CallOptions = {}): Promise<RetrievedMemory[]> {
    this.#journal.check(signal)
    checkQuery(query)
    for (const category of query.categories ?? []) this.#checkCategory(category)
    const { text, now = this.#settings.now(), timeZone, limit = 5 } = query
    const { weights, reranker } = this.#settings
    const clock = timeZone === undefined ? this.#settings.clock : createZoneClock(timeZone, 'query.timeZone')
    const fits = (ranges: readonly TimeRange[]) =>
      weights.time > 0 && this.#state.filters.happenedIn(ranges, undefined).count > 0
    const reading = text === undefined ? undefined : readQuestion(text, now, clock, fits)
    const vectors = await queryVectors(this.#state, query, { reading, text: this.#settings.text, signal })
    const ready = { ...query, now, limit, reading, vectors, clock, weights }
    const reranked = await rerank(this.#state, ready, { reranker, signal })
    const found = rank(this.#state, { ...ready, reranked })
    if (query.touch ?? true) this.#journal.touch(found.map(({ memory }) => memory.id))
    return found
  }

  retrieveByEmbedding(
    vector: Float32Array,
    { signal, ...query }: Omit<MemoryQuery, 'text' | 'vector'> & CallOptions = {},
  ): Promise<RetrievedMemory[]> {
    return this.retrieve({ ...query, vector }, { signal })
  }

  progress(source: string): SourceProgress | undefined {
    return this.#state.progress.get(source)
  }

  get(id: string): Memory | undefined {
    return this.#state.entries.get(id)?.memory
  }

  embedding(id: string): Float32Array | undefined {
    return this.#state.embedding(id)
  }

  history(id: string): HistoryEntry[] {
    return historyOf(this.#state, this.#entry(id))
  }

  visits(id: string): MemoryVisits {
    return this.#state.visits(this.#entry(id))
  }

  list({ owner, categories, source, limit, forgotten = false }: ListOptions = {}): Memory[] {
    const { entries, filters } = this.#state
    const slots = forgotten ? filters.forgotten : filters.with({ owner, categories, source })
    return [...slots]
      .sort((a, b) => filters.learnedAt(b) - filters.learnedAt(a))
      .slice(0, limit)
      .map((slot) => entries.at(slot)!.memory)
  }

  entities(): Entity[] {
    return Array.from(this.#state.entities.keys(), (id) => this.#state.entity(id))
  }

  relations(): Relation[] {
    return Array.from(this.#state.relations.keys(), (id) => this.#state.relation(id))
  }

  async merge(entityId: string, otherId: string, { signal }: CallOptions = {}): Promise<Entity> {
    this.#journal.check(signal)
    return this.#journal.write(undefined, signal, (writer) => {
      const [a, b] = [this.#entity(entityId), this.#entity(otherId)]
      return this.#state.entity(writer.mergeEntities(a, b).id)
    })
  }

  async split(entityId: string, label: string, { signal }: CallOptions = {}): Promise<Entity> {
    this.#journal.check(signal)
    return this.#journal.write(undefined, signal, (writer) =>
      this.#state.entity(writer.splitEntity(this.#entity(entityId), label).id),
    )
  }

  async grid(reference: GridReference, options: CallOptions = {}): Promise<PatchGrid | undefined> {
    this.#journal.check(options.signal)
    return this.#grids?.read(reference, options)
  }

  async gridUsage(options: CallOptions = {}): Promise<{ readonly grids: number; readonly bytes: number }> {
    this.#journal.check(options.signal)
    return this.#grids ? this.#grids.usage(options) : { grids: 0, bytes: 0 }
  }

  changes(options: ChangesOptions = {}): AsyncGenerator<MemoryChange, void, void> {
    this.#journal.check(options.signal)
    return followChanges(this.#journal, options)
  }

  stats(): GraphStats {
    return collectStats(this.#state, this.#journal.sequence)
  }

  async *export({ grids = false, signal }: ExportOptions = {}): AsyncGenerator<string, void, void> {
    this.#journal.check(signal)
    const { now, tensors } = this.#settings
    if (grids && !tensors) throw new TypeError('grids is true: the graph has none, open it with tensors')
    const lines = grids
      ? exportWithGrids(this.#state, now(), { tensors: tensors!, signal })
      : exportLines(this.#state, now())
    for await (const line of lines) {
      signal?.throwIfAborted()
      yield line
    }
  }

  async import(lines: AsyncIterable<string> | Iterable<string>, { signal }: CallOptions = {}): Promise<ImportResult> {
    this.#journal.check(signal)
    const checkCategory = (category: string) => this.#checkCategory(category)
    return importLines(this.#journal, lines, { checkCategory, grids: this.#grids, signal })
  }

  async refresh(options: CallOptions = {}): Promise<number> {
    return this.#journal.refresh(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#journal.close()
  }

  get #state(): GraphState {
    return this.#journal.state
  }

  #entry(id: string): MemoryEntry {
    const entry = this.#state.entries.get(id)
    if (!entry) throw notFound(id)
    return entry
  }

  #entity(id: string) {
    const node = this.#state.entities.get(id)
    if (!node) throw entityNotFound(id)
    return node.record
  }

  #checkInputs(inputs: readonly MemoryInput[], field: FieldName): void {
    inputs.forEach((input, i) => {
      checkInput(input, field(i))
      this.#checkCategory(input.category)
    })
  }

  #checkCategory(category: string): void {
    const { categories } = this.#settings
    if (categories && !categories.has(category))
      throw new PerStreamError(
        'category-unknown',
        `category "${category}" is not one of: ${[...categories].join(', ')}`,
        { fields: { category } },
      )
  }

  /** Gets vectors and grids ready, plans, and frees the grids that came to nothing. */
  async #writeInputs<Result>(
    inputs: readonly MemoryInput[],
    field: FieldName,
    signal: AbortSignal | undefined,
    plan: (writer: GraphWriter, prepared: Prepared) => Result,
  ): Promise<Result> {
    const embedding = embedAll(inputs, this.#settings.text, field, { signal })
    const keeping = embedding.then(() => this.#grids?.keep(inputs, { signal }) ?? [])
    const ready = Promise.all([embedding, keeping]).then(([embedded, grids]) => ({ embedded, grids }))
    try {
      return await this.#journal.write(ready, signal, (writer, prepared) => {
        adoptSpaces(this.#state, writer, prepared.embedded)
        return plan(writer, prepared)
      })
    } finally {
      const kept = await keeping.catch(() => [])
      await this.#grids?.kept(kept, this.#state)
    }
  }

  #createAll(writer: GraphWriter, inputs: readonly MemoryInput[], { embedded, grids }: Prepared): CreateResult[] {
    return inputs.map((input, i) => writer.create({ input, embedding: embedded[i]!.embedding, grids: grids[i] }))
  }

  async #updateAll(updates: readonly MemoryUpdate[], field: FieldName, { signal }: CallOptions): Promise<Memory[]> {
    this.#journal.check(signal)
    updates.forEach(({ changes }, i) => {
      checkChanges(changes, field(i))
      if (changes.category !== undefined) this.#checkCategory(changes.category)
    })
    const worded = updates.filter(({ changes }) => changes.text !== undefined)
    const inputs = worded.map(({ changes }) => ({ ...changes, text: changes.text! }))
    const ready = embedAll(inputs, this.#settings.text, (i) => field(updates.indexOf(worded[i]!)), { signal })
    return this.#journal.write(ready, signal, (writer, embedded) => {
      for (const [i, { id, changes }] of updates.entries())
        checkOrder({ ...this.#entry(id).memory, ...defined(changes) }, field(i))
      adoptSpaces(this.#state, writer, embedded)
      const vectors = new Map(worded.map((update, i) => [update, embedded[i]!.embedding]))
      return updates.map((update) => writer.update(this.#entry(update.id), update.changes, vectors.get(update)))
    })
  }
}

function defined({ validFrom, validTo }: MemoryChanges): Pick<Partial<Memory>, 'validFrom' | 'validTo'> {
  return { ...(validFrom !== undefined && { validFrom }), ...(validTo !== undefined && { validTo }) }
}
