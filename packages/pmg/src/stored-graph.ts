import { encodeAll } from '@perstream/kit'
import {
  type CallOptions,
  type CreateResult,
  type Entity,
  type Memory,
  type MemoryInput,
  type MemoryOperation,
  type MemoryQuery,
  type MemoryStore,
  PerStreamError,
  type Relation,
  type RetrievedMemory,
  type SourceProgress,
  type TextEncoder,
  type WriteOptions,
} from '@perstream/spec'
import { type ExportLine, exportLines, parseLine } from './export'
import { GraphState } from './graph-state'
import { GraphWriter, type MemoryChanges, type ReadyInput } from './graph-writer'
import type { GraphStats, ImportResult, ListOptions, MemoryGraph } from './memory-graph'
import { checkChanges, checkedVector, checkInput, checkProgress, checkQuery } from './memory-input'
import { type QuestionReading, readQuestion } from './question'
import { type QueryVectors, type RetrievalWeights, rank } from './retrieval'
import { collectStats } from './stats'
import type { TimeRange } from './time-expressions'
import { createZoneClock, type ZoneClock } from './zone-clock'

interface Settings {
  readonly store: MemoryStore
  readonly text: TextEncoder | undefined
  readonly owner: string
  readonly categories: ReadonlySet<string> | undefined
  readonly now: () => number
  /** The clock that times in questions are read by, where a question does not say. */
  readonly clock: ZoneClock
  readonly weights: RetrievalWeights
}

interface Job {
  /** The state it was planned on. */
  readonly state: GraphState
  readonly operations: readonly MemoryOperation[]
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

const linesPerBatch = 256

/**
 * The graph over a store. A write is planned against the state and applied to it at once, in the order of the calls, then committed;
 * what waits together is committed together. When a commit fails, the state is read again from the store.
 */
export class StoredGraph implements MemoryGraph {
  readonly #settings: Settings
  #state = new GraphState()
  #sequence = 0
  #order: Promise<unknown> = Promise.resolve()
  #pending: Job[] = []
  #flushing: Promise<void> | undefined
  #failure: unknown
  #closed = false

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get owner(): string {
    return this.#settings.owner
  }

  get space(): string | undefined {
    return this.#state.space
  }

  async create(inputs: readonly MemoryInput[], { progress, signal }: WriteOptions = {}): Promise<CreateResult[]> {
    this.#check(signal)
    inputs.forEach((input, i) => {
      checkInput(input, `inputs[${i}]`)
      this.#checkCategory(input.category)
    })
    if (progress) checkProgress(progress)
    const ready = this.#embedInputs(inputs, signal)
    return this.#write(ready, signal, (writer, prepared) => {
      this.#adoptSpace(writer, prepared)
      const results = prepared.map((input) => writer.create(input))
      if (progress) writer.progress(progress)
      return results
    })
  }

  async update(id: string, changes: MemoryChanges, { signal }: CallOptions = {}): Promise<Memory> {
    this.#check(signal)
    checkChanges(changes)
    if (changes.category !== undefined) this.#checkCategory(changes.category)
    const ready = changes.text === undefined ? [] : this.#embedInputs([changes as MemoryInput], signal)
    return this.#write(ready, signal, (writer, prepared) => {
      const entry = this.#state.entries.get(id)
      if (!entry) throw notFound(id)
      this.#adoptSpace(writer, prepared)
      return writer.update(entry, changes, prepared[0]?.embedding)
    })
  }

  async delete(ids: readonly string[], { signal }: CallOptions = {}): Promise<number> {
    this.#check(signal)
    return this.#write(undefined, signal, (writer) => ids.filter((id) => writer.delete(id)).length)
  }

  async retrieve(query: MemoryQuery, { signal }: CallOptions = {}): Promise<RetrievedMemory[]> {
    this.#check(signal)
    checkQuery(query)
    for (const category of query.categories ?? []) this.#checkCategory(category)
    const { text, now = this.#settings.now(), timeZone, limit = 5 } = query
    const { weights } = this.#settings
    const clock = timeZone === undefined ? this.#settings.clock : createZoneClock(timeZone)
    const fits = (ranges: readonly TimeRange[]) =>
      weights.time > 0 && this.#state.filters.happenedIn(ranges, undefined).count > 0
    const reading = text === undefined ? undefined : readQuestion(text, now, clock, fits)
    const vectors = await this.#queryVectors(query, reading, signal)
    return rank(this.#state, { ...query, limit, reading, vectors, clock, weights })
  }

  progress(source: string): SourceProgress | undefined {
    return this.#state.progress.get(source)
  }

  get(id: string): Memory | undefined {
    return this.#state.entries.get(id)?.memory
  }

  embedding(id: string): Float32Array | undefined {
    return this.#state.embedding(id)?.slice()
  }

  list({ owner, categories, source, limit }: ListOptions = {}): Memory[] {
    const memories = Array.from(this.#state.entries.values(), ({ memory }) => memory).filter(
      (memory) =>
        (owner === undefined || memory.owner === owner) &&
        (!categories || categories.includes(memory.category)) &&
        (source === undefined || memory.evidence.some((seen) => seen.source === source)),
    )
    return memories.sort((a, b) => b.learnedAt - a.learnedAt).slice(0, limit)
  }

  entities(): Entity[] {
    return Array.from(this.#state.entities.keys(), (id) => this.#state.entity(id))
  }

  relations(): Relation[] {
    return Array.from(this.#state.relations.keys(), (id) => this.#state.relation(id))
  }

  stats(): GraphStats {
    return collectStats(this.#state, this.#sequence)
  }

  async *export({ signal }: CallOptions = {}): AsyncGenerator<string, void, void> {
    this.#check(signal)
    for (const line of exportLines(this.#state, this.#settings.now())) {
      signal?.throwIfAborted()
      yield line
    }
  }

  async import(lines: AsyncIterable<string> | Iterable<string>, { signal }: CallOptions = {}): Promise<ImportResult> {
    this.#check(signal)
    let number = 0
    let imported = 0
    let skipped = 0
    let batch: ExportLine[] = []
    const store = async () => {
      const stored = await this.#importBatch(batch, signal)
      imported += stored
      skipped += batch.filter((line) => line.type === 'memory').length - stored
      batch = []
    }
    for await (const line of lines) {
      number++
      if (line.trim() === '' && number > 1) continue
      const parsed = parseLine(line, number)
      if (parsed.type === 'memory') this.#checkCategory(parsed.memory.category)
      batch.push(parsed)
      if (batch.length === linesPerBatch) await store()
    }
    await store()
    await this.#write(undefined, signal, (writer) => writer.prune())
    return { imported, skipped }
  }

  async refresh({ signal }: CallOptions = {}): Promise<number> {
    this.#check(signal)
    const turn = this.#order.then(async () => {
      await this.#flushing
      return this.#replay(this.#state, this.#sequence, signal)
    })
    this.#order = Promise.allSettled([turn]).then(() => undefined)
    return turn
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#order
    await this.#flushing
  }

  #check(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    if (this.#closed) throw new PerStreamError('store-closed', 'the memory graph is closed: open it again')
    this.#checkStore()
  }

  #checkStore(): void {
    if (this.#failure)
      throw new PerStreamError('store-closed', 'the store failed and could not be read again: open it again', {
        cause: this.#failure,
      })
  }

  #checkCategory(category: string): void {
    const { categories } = this.#settings
    if (categories && !categories.has(category))
      throw new PerStreamError(
        'category-unknown',
        `category "${category}" is not one of: ${[...categories].join(', ')}`,
        {
          fields: { category },
        },
      )
  }

  /** Plans in the order of the calls, however long each takes to get ready; resolves when the plan is durable. */
  async #write<Ready, Result>(
    ready: Ready | Promise<Ready>,
    signal: AbortSignal | undefined,
    plan: (writer: GraphWriter, ready: Ready) => Result,
  ): Promise<Result> {
    const turn = Promise.all([ready, this.#order]).then(([prepared]) => {
      this.#checkStore()
      signal?.throwIfAborted()
      const writer = new GraphWriter(this.#state, { owner: this.#settings.owner, now: this.#settings.now() })
      const result = plan(writer, prepared)
      return { result, durable: this.#enqueue(writer.operations) }
    })
    this.#order = Promise.allSettled([this.#order, turn]).then(() => undefined)
    const { result, durable } = await turn
    await durable
    return result
  }

  async #enqueue(operations: readonly MemoryOperation[]): Promise<void> {
    if (operations.length === 0) return
    const durable = new Promise<void>((resolve, reject) => {
      this.#pending.push({ state: this.#state, operations, resolve, reject })
    })
    this.#flushing ??= this.#flush()
    return durable
  }

  async #flush(): Promise<void> {
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const jobs = this.#pending
      this.#pending = []
      try {
        const operations = jobs.flatMap((job) => job.operations)
        await this.#settings.store.commit({ sequence: this.#sequence + 1, at: this.#settings.now(), operations })
        this.#sequence++
        for (const job of jobs) job.resolve()
      } catch (error) {
        await this.#recover()
        const lost = this.#pending.filter((job) => job.state !== this.#state)
        this.#pending = this.#pending.filter((job) => job.state === this.#state)
        for (const job of [...jobs, ...lost]) job.reject(error)
      }
    }
    this.#flushing = undefined
  }

  /** Reads the state again after a failed commit. What was planned on the state that is left behind fails with it. */
  async #recover(): Promise<void> {
    try {
      await this.#replay(new GraphState(), 0)
    } catch (error) {
      this.#failure = error
    }
  }

  /** Applies what the store has after a sequence; a state that starts anew takes the place of the old one at the end. */
  async #replay(start: GraphState, after: number, signal?: AbortSignal): Promise<number> {
    let state = start
    let sequence = after
    let count = 0
    for await (const batch of this.#settings.store.load(after, { signal })) {
      if (batch.operations[0]?.type === 'reset') state = new GraphState()
      for (const operation of batch.operations) state.apply(operation)
      sequence = batch.sequence
      if (state === this.#state) this.#sequence = sequence
      count++
    }
    this.#state = state
    this.#sequence = sequence
    return count
  }

  async #importBatch(lines: readonly ExportLine[], signal: AbortSignal | undefined): Promise<number> {
    return this.#write(undefined, signal, (writer) => {
      let stored = 0
      for (const line of lines) {
        if (line.type === 'header' && line.space !== undefined) this.#useSpace(writer, line.space, line.dimensions)
        else if (line.type === 'entity') writer.restoreEntity(line.entity)
        else if (line.type === 'relation') writer.restoreRelation(line.relation)
        else if (line.type === 'progress') writer.progress(line.progress)
        else if (line.type === 'memory' && this.#isNews(line.memory)) {
          writer.restore(line.memory, line.embedding)
          stored++
        }
      }
      return stored
    })
  }

  #isNews(memory: Memory): boolean {
    const known = this.#state.entries.get(memory.id)
    return !known || known.memory.updatedAt < memory.updatedAt
  }

  async #embedInputs(inputs: readonly MemoryInput[], signal: AbortSignal | undefined): Promise<ReadyInput[]> {
    const { text } = this.#settings
    const missing = text ? inputs.filter((input) => !input.embedding) : []
    const vectors = text
      ? await encodeAll(
          text,
          missing.map((input) => input.text),
          { signal },
        )
      : []
    const made = new Map(missing.map((input, i) => [input, vectors[i]!]))
    return inputs.map((input, i) => ({ input, embedding: this.#checkedEmbedding(input, i, made.get(input)) }))
  }

  #checkedEmbedding(input: MemoryInput, i: number, made: Float32Array | undefined): Float32Array | undefined {
    const { text } = this.#settings
    if (made)
      return made.some((value) => value !== 0) ? checkedVector(made, `the encoder's vector of inputs[${i}]`) : undefined
    if (!input.embedding) return undefined
    if (input.space === undefined && !text)
      throw new TypeError(`inputs[${i}].space is missing: name the space of the embedding`)
    if (text && (input.space ?? text.space) !== text.space) throw mismatch(text.space, input.space!)
    return checkedVector(input.embedding, `inputs[${i}].embedding`)
  }

  #adoptSpace(writer: GraphWriter, inputs: readonly ReadyInput[]): void {
    const { text } = this.#settings
    const spaces = inputs
      .filter(({ embedding }) => embedding)
      .map(({ input, embedding }) => ({
        id: (input.embedding && input.space) ?? text!.space,
        dimensions: embedding!.length,
      }))
    const known = this.#state.space ?? spaces[0]?.id
    const dimensions = this.#state.vectors?.dimensions ?? spaces[0]?.dimensions
    for (const space of spaces)
      if (space.id !== known || space.dimensions !== dimensions)
        throw mismatch(`${known} (${dimensions})`, `${space.id} (${space.dimensions})`)
    if (spaces.length > 0) this.#useSpace(writer, known!, dimensions!)
  }

  #useSpace(writer: GraphWriter, id: string, dimensions: number): void {
    if (this.#state.space === undefined) writer.space(id, dimensions)
    else if (this.#state.space !== id || this.#state.vectors!.dimensions !== dimensions)
      throw mismatch(`${this.#state.space} (${this.#state.vectors!.dimensions})`, `${id} (${dimensions})`)
  }

  async #queryVectors(
    query: MemoryQuery,
    reading: QuestionReading | undefined,
    signal: AbortSignal | undefined,
  ): Promise<QueryVectors> {
    const { text } = this.#settings
    const { space, vectors } = this.#state
    if (query.vector) {
      const vector = checkedVector(query.vector, 'query.vector')
      if (!vectors) return {}
      if ((query.space ?? space) !== space || vector.length !== vectors.dimensions)
        throw mismatch(`${space} (${vectors.dimensions})`, `${query.space ?? space} (${vector.length})`)
      return { about: vector }
    }
    if (!text || !reading || !vectors) return {}
    if (text.space !== space) throw mismatch(`${space} (${vectors.dimensions})`, `${text.space} (${text.dimensions})`)
    const { about, anchor } = reading
    const made = await encodeAll(text, [about, ...(anchor ? [anchor.words, anchor.rest] : [])], { signal })
    const [first, ...others] = made.map((vector) =>
      vector.some((value) => value !== 0) ? checkedVector(vector, "the encoder's vector of query.text") : undefined,
    )
    return { about: first, anchor: others[0], rest: others[1] }
  }
}

function mismatch(stored: string, given: string): PerStreamError {
  return new PerStreamError(
    'space-mismatch',
    `the graph's embeddings are of the space ${stored}, the one given is of ${given}: embed it with the same encoder`,
    { fields: { stored, given } },
  )
}

function notFound(id: string): PerStreamError {
  return new PerStreamError('memory-not-found', `there is no memory "${id}": list() names those there are`, {
    fields: { id },
  })
}
