import {
  type CallOptions,
  type Governor,
  type MemoryBatch,
  type MemoryOperation,
  type MemoryStore,
  type MemoryVisits,
  PerStreamError,
} from '@perstream/spec'
import { GraphState } from './graph-state'
import { GraphWriter } from './graph-writer'
import { later } from './later'
import { indexOf, isIndexed, stateOf } from './state-index'

interface Settings {
  readonly store: MemoryStore
  readonly owner: string
  readonly now: () => number
  /** Frees grids that were let go, and keeps those less exactly that shall be: called once that is durable. */
  readonly settleGrids: (ids: ReadonlySet<string>) => Promise<void>
}

interface Job {
  /** The state it was planned on. */
  readonly state: GraphState
  readonly operations: readonly MemoryOperation[]
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** Visits wait so long, in milliseconds, for a write to ride with. */
const visitDelay = 3000

/** An index is written anew when so many operations came after the last. */
const worthIndexing = 1000

/** An index that takes more of a budget than this is not kept: the store takes no more than twice the budget then. */
const mostIndexed = 0.5

/** Told of each batch when it is durable, and, with undefined, of the end. */
type BatchListener = (batch: MemoryBatch | undefined) => void

/**
 * Keeps a state and its store alike. A write is planned against the state and applied to it at once, in the order of the calls, then
 * committed; what waits together is committed together. When a commit fails, the state is read again from the store. Visits ride with the
 * next write, or are written a few seconds later.
 */
export class GraphJournal {
  readonly #settings: Settings
  readonly #listeners = new Set<BatchListener>()
  #state = new GraphState()
  #sequence = 0
  #order: Promise<unknown> = Promise.resolve()
  #pending: Job[] = []
  #flushing: Promise<void> | undefined
  #failure: unknown
  #closed = false
  #visits = new Map<string, MemoryVisits>()
  #visitTimer: ReturnType<typeof setTimeout> | undefined
  #isReader = false
  /** Operations that no index of the store holds. */
  #unindexed = 0
  /** Says what goes when a write would leave too much. */
  governor: Governor | undefined

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get state(): GraphState {
    return this.#state
  }

  /** The sequence of the last batch. */
  get sequence(): number {
    return this.#sequence
  }

  /** @throws PerStreamError `store-closed`; the signal's reason */
  check(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    if (this.#closed) throw new PerStreamError('store-closed', 'the memory graph is closed: open it again')
    this.#checkStore()
  }

  /** Plans in the order of the calls, however long each takes to get ready; resolves when the plan is durable. */
  async write<Ready, Result>(
    ready: Ready | Promise<Ready>,
    signal: AbortSignal | undefined,
    plan: (writer: GraphWriter, ready: Ready) => Result,
  ): Promise<Result> {
    const turn = Promise.all([ready, this.#order]).then(async ([prepared]) => {
      this.#checkStore()
      signal?.throwIfAborted()
      const writer = new GraphWriter(this.#state, { owner: this.#settings.owner, now: this.#settings.now() })
      const before = this.#state.bytes
      const result = await this.#plan(writer, () => {
        const planned = plan(writer, prepared)
        this.#keepBudget(writer, before)
        return planned
      })
      const released = this.#state.grids.takeReleased()
      return { result, released, durable: writer.operations.length > 0 ? this.#enqueue(writer.operations) : undefined }
    })
    this.#order = Promise.allSettled([this.#order, turn]).then(() => undefined)
    const { result, released, durable } = await turn
    await durable
    if (released.size > 0) await this.#settings.settleGrids(released)
    return result
  }

  /** Reads what the store has: an index and what came after it, where there is one, else all. */
  async open({ signal }: CallOptions): Promise<void> {
    this.check(signal)
    await this.#read({ signal })
  }

  /** Takes in what another process has written. Returns how many batches were new. */
  async refresh({ signal }: CallOptions = {}): Promise<number> {
    this.check(signal)
    const turn = this.#order.then(async () => {
      await this.#flushing
      return this.#replay(this.#state, this.#sequence, signal)
    })
    this.#order = Promise.allSettled([turn]).then(() => undefined)
    return turn
  }

  /** Counts a visit of memories. */
  touch(ids: readonly string[]): void {
    const now = this.#settings.now()
    for (const id of ids) {
      const entry = this.#state.entries.get(id)
      if (!entry) continue
      const visits = { visits: this.#state.visits(entry).visits + 1, lastVisitedAt: now }
      this.#state.apply({ type: 'visit-put', id, visits })
      if (!this.#isReader) this.#visits.set(id, visits)
    }
    // What fails here is kept: it goes with the next write, or is reported by close.
    if (this.#visits.size > 0)
      this.#visitTimer ??= later(() => void this.#saveVisits().catch(() => undefined), visitDelay)
  }

  /** Batches after a sequence, from the store alone. */
  load(after: number, signal: AbortSignal | undefined): AsyncIterable<MemoryBatch> {
    return this.#settings.store.load(after, { signal })
  }

  /** Calls a listener for each batch that becomes durable from now on. Returns what ends that. */
  listen(listener: BatchListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Waits for what is under way, writes the visits that wait, and an index where much came after the last. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#order
    await this.#flushing
    try {
      if (!this.#failure) await this.#saveVisits()
      if (!this.#failure) await this.#saveIndex()
    } finally {
      for (const listener of this.#listeners) listener(undefined)
    }
  }

  #checkStore(): void {
    if (this.#failure)
      throw new PerStreamError('store-closed', 'the store failed and could not be read again: open it again', {
        cause: this.#failure,
      })
  }

  /** What a write adds too much is taken away again in the same batch. A write that takes away is never refused. */
  #keepBudget(writer: GraphWriter, before: number): void {
    const { budget, plan } = this.governor ?? {}
    if (budget === undefined || writer.operations.length === 0 || this.#state.bytes <= budget) return
    writer.reduce(plan!, this.#state.bytes - budget)
    const { bytes } = this.#state
    if (bytes <= budget || bytes <= before) return
    throw new PerStreamError(
      'budget-exceeded',
      `the write would leave ${bytes} bytes, and all that may go is gone: the budget is ${budget}. Raise it, or delete memories`,
      { fields: { bytes, budget } },
    )
  }

  /** A plan that fails half-way leaves the state as the store has it. */
  async #plan<Result>(writer: GraphWriter, plan: () => Result): Promise<Result> {
    try {
      return plan()
    } catch (error) {
      if (writer.operations.length > 0) {
        await this.#flushing
        await this.#recover()
      }
      throw error
    }
  }

  async #enqueue(operations: readonly MemoryOperation[]): Promise<void> {
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
      const visits = this.#takeVisits()
      try {
        const operations = [...jobs.flatMap((job) => job.operations), ...visits.operations]
        if (operations.length > 0) await this.#commit(operations)
        for (const job of jobs) job.resolve()
      } catch (error) {
        await this.#fail(jobs, error, visits.taken)
      }
    }
    this.#flushing = undefined
  }

  async #commit(operations: readonly MemoryOperation[]): Promise<void> {
    const batch = { sequence: this.#sequence + 1, at: this.#settings.now(), operations }
    await this.#settings.store.commit(batch)
    this.#sequence++
    this.#unindexed += operations.length
    for (const listener of this.#listeners) listener(batch)
  }

  async #fail(jobs: readonly Job[], error: unknown, visits: ReadonlyMap<string, MemoryVisits>): Promise<void> {
    for (const [id, count] of visits) if (!this.#visits.has(id)) this.#visits.set(id, count)
    if (jobs.some((job) => job.operations.length > 0)) await this.#recover()
    const lost = this.#pending.filter((job) => job.state !== this.#state)
    this.#pending = this.#pending.filter((job) => job.state === this.#state)
    for (const job of [...jobs, ...lost]) job.reject(error)
  }

  /** Writes the visits that wait. A graph that may not write counts in memory alone. */
  async #saveVisits(): Promise<void> {
    clearTimeout(this.#visitTimer)
    this.#visitTimer = undefined
    if (this.#visits.size === 0) return
    try {
      await this.#enqueue([])
    } catch (error) {
      if (!PerStreamError.isInstance(error) || error.code !== 'store-read-only') throw error
      this.#isReader = true
      this.#visits.clear()
    }
  }

  async #saveIndex(): Promise<void> {
    const { store } = this.#settings
    if (this.#isReader || this.#unindexed < worthIndexing || !isIndexed(store)) return
    const index = indexOf(this.#state)
    if (this.governor && sizeOf(index) > mostIndexed * this.governor.budget) return
    try {
      await store.writeIndex(index)
      this.#unindexed = 0
    } catch (error) {
      if (!PerStreamError.isInstance(error) || error.code !== 'store-read-only') throw error
    }
  }

  #takeVisits(): { operations: MemoryOperation[]; taken: ReadonlyMap<string, MemoryVisits> } {
    const taken = this.#visits
    this.#visits = new Map()
    const there = [...taken].filter(([id]) => this.#state.entries.has(id))
    return { operations: there.map(([id, visits]) => ({ type: 'visit-put', id, visits })), taken }
  }

  /** Reads the state again after a failed commit. What was planned on the state that is left behind fails with it. */
  async #recover(): Promise<void> {
    try {
      await this.#read({})
      for (const [id, visits] of this.#visits) this.#state.apply({ type: 'visit-put', id, visits })
    } catch (error) {
      this.#failure = error
    }
  }

  /** Reads the whole state anew. */
  async #read({ signal }: CallOptions): Promise<void> {
    const { store } = this.#settings
    const index = isIndexed(store) ? await store.readIndex({ signal }) : undefined
    try {
      const state = index && (await stateOf(index, { signal }))
      this.#unindexed = 0
      await this.#replay(state ?? new GraphState(), state ? index.sequence : 0, signal)
    } catch (error) {
      if (!PerStreamError.isInstance(error) || error.code !== 'store-changed') throw error
      await this.#replay(new GraphState(), 0, signal)
    } finally {
      await index?.[Symbol.asyncDispose]()
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
      this.#unindexed += batch.operations.length
      sequence = batch.sequence
      if (state === this.#state) this.#sequence = sequence
      if (start === this.#state) for (const listener of this.#listeners) listener(batch)
      count++
    }
    this.#state = state
    this.#sequence = sequence
    return count
  }
}

function sizeOf(sections: ReadonlyMap<string, Uint8Array>): number {
  return Array.from(sections.values(), ({ length }) => length).reduce((sum, length) => sum + length, 0)
}
