import type {
  CallOptions,
  CoarserPrecision,
  EntityRecord,
  Granularity,
  Memory,
  MemoryBatch,
  MemoryOperation,
  MemoryVisits,
  SourceProgress,
} from '@perstream/spec'
import type { GraphJournal } from './graph-journal'

/** What a change says of itself. */
interface ChangeBase {
  /** The sequence of its batch. Going on after it (`since`) gives what came later. */
  readonly sequence: number
  /** When the batch was written. Milliseconds since 1970 UTC. */
  readonly at: number
}

/** Something that changed in a memory graph. */
export type MemoryChange = ChangeBase &
  (
    | {
        /** 'disputed': its conflicts changed. 'restored': it is no longer superseded. */
        readonly type: 'created' | 'extended' | 'revised' | 'updated' | 'superseded' | 'restored' | 'disputed'
        readonly id: string
        /** As it is after the change. */
        readonly memory: Memory
      }
    | { readonly type: 'deleted'; readonly id: string }
    /** A part of it was let go, or is kept less exactly, to save room. */
    | {
        readonly type: 'reduced'
        readonly id: string
        readonly part: Granularity
        readonly to: CoarserPrecision | 'gone'
      }
    | { readonly type: 'visited'; readonly id: string; readonly visits: MemoryVisits }
    | { readonly type: 'entity-changed'; readonly id: string; readonly entity: EntityRecord }
    | { readonly type: 'entity-deleted'; readonly id: string }
    | { readonly type: 'progress'; readonly progress: SourceProgress }
    /** History before was merged: forget what you know, what follows is all there is, as if just created. */
    | { readonly type: 'reset' }
  )

/** How changes are followed. */
export interface ChangesOptions extends CallOptions {
  /** Only what came after this sequence. Default 0: all that the store still has. */
  readonly since?: number | undefined
  /** Looks every so many milliseconds for what another process wrote, as `refresh()` does. Default: not at all. */
  readonly poll?: number | undefined
}

/** Batches that may wait for a slow reader; of more it reads what it missed from the store. */
const mostWaiting = 1024

/** Yields what changed after a sequence, then what changes as it becomes durable, until the graph is closed. */
export async function* followChanges(
  journal: GraphJournal,
  { since = 0, poll, signal }: ChangesOptions,
): AsyncGenerator<MemoryChange, void, void> {
  const inbox = new Inbox(journal, signal)
  const timer = poll === undefined ? undefined : setInterval(() => inbox.refresh(), poll)
  let sequence = since
  let merged = false
  const take = function* (batch: MemoryBatch) {
    const isReset = batch.operations[0]?.type === 'reset'
    if (batch.sequence <= sequence && !(merged && !isReset && batch.sequence === sequence)) return
    merged = isReset || (merged && batch.sequence === sequence)
    sequence = batch.sequence
    for (const operation of batch.operations) {
      for (const change of changesOf(operation, merged)) yield { sequence, at: batch.at, ...change }
    }
  }
  try {
    for (let next = await inbox.next(); next !== 'end'; next = await inbox.next())
      if (next !== 'behind') yield* take(next)
      else for await (const batch of journal.load(sequence, signal)) yield* take(batch)
  } finally {
    clearInterval(timer)
    inbox.close()
  }
}

/** What a feed has not read yet. */
class Inbox {
  readonly #journal: GraphJournal
  readonly #signal: AbortSignal | undefined
  readonly #unlisten: () => void
  readonly #wake = () => this.#resolve?.()
  #batches: MemoryBatch[] = []
  #isBehind = true
  #isAtEnd = false
  #failure: { readonly reason: unknown } | undefined
  #resolve: (() => void) | undefined

  constructor(journal: GraphJournal, signal: AbortSignal | undefined) {
    this.#journal = journal
    this.#signal = signal
    this.#unlisten = journal.listen((batch) => this.#receive(batch))
    signal?.addEventListener('abort', this.#wake)
  }

  /** The next batch; 'behind' when the store must be read for what came so far. */
  async next(): Promise<MemoryBatch | 'behind' | 'end'> {
    for (;;) {
      this.#signal?.throwIfAborted()
      if (this.#failure) throw this.#failure.reason
      if (this.#isBehind) {
        this.#isBehind = false
        this.#batches = []
        return 'behind'
      }
      const batch = this.#batches.shift()
      if (batch) return batch
      if (this.#isAtEnd) return 'end'
      await new Promise<void>((resolve) => {
        this.#resolve = resolve
      })
    }
  }

  /** Takes in what another process wrote; what goes wrong ends the feed. */
  refresh(): void {
    if (this.#isAtEnd) return
    this.#journal.refresh({ signal: this.#signal }).catch((reason: unknown) => {
      this.#failure = { reason }
      this.#wake()
    })
  }

  close(): void {
    this.#unlisten()
    this.#signal?.removeEventListener('abort', this.#wake)
  }

  #receive(batch: MemoryBatch | undefined): void {
    if (!batch) this.#isAtEnd = true
    else if (this.#batches.length < mostWaiting) this.#batches.push(batch)
    else this.#isBehind = true
    this.#wake()
  }
}

type Change = MemoryChange extends infer Each ? (Each extends ChangeBase ? Omit<Each, keyof ChangeBase> : never) : never

/** What an operation means to a reader. */
function changesOf(operation: MemoryOperation, merged: boolean): readonly Change[] {
  if (operation.type === 'memory-reduce') {
    const { ids, part, to } = operation
    return ids.map((id) => ({ type: 'reduced', id, part, to }))
  }
  const change = changeOf(operation, merged)
  return change ? [change] : []
}

function changeOf(operation: MemoryOperation, merged: boolean): Change | undefined {
  switch (operation.type) {
    case 'memory-put': {
      const { memory, change = 'updated' } = operation
      const type = merged ? 'created' : change
      return type === 'relinked' ? undefined : { type, id: memory.id, memory }
    }
    case 'memory-delete':
      return { type: 'deleted', id: operation.id }
    case 'visit-put':
      return { type: 'visited', id: operation.id, visits: operation.visits }
    case 'entity-put':
      return { type: 'entity-changed', id: operation.entity.id, entity: operation.entity }
    case 'entity-delete':
      return { type: 'entity-deleted', id: operation.id }
    case 'progress':
      return { type: 'progress', progress: operation.progress }
    case 'reset':
      return { type: 'reset' }
    default:
      return undefined
  }
}
