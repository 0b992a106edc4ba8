import { collect } from '@perstream/kit'
import type { MemoryBatch, MemoryOperation } from '@perstream/spec'
import { type JournalStore, type KeptIndex, verifyJournal } from '../../src/journal'
import { memoryKeyHash } from '../../src/journal-keys'
import { createOpfsDirectory, openOpfsStore } from '../../src/opfs'

// What the test calls, in a page or in a worker: one message, one answer.
let store: JournalStore | undefined
let index: KeptIndex | undefined
let writing = false

const commands = {
  async open(mode: 'write' | 'read', name: string, compactAfterBytes?: number) {
    const warnings: string[] = []
    store = await openOpfsStore(name, { mode, compactAfterBytes, onWarning: ({ code }) => warnings.push(code) })
    return warnings
  },
  async put(sequence: number, ids: readonly string[]) {
    await store!.commit({ sequence, at: 1, operations: ids.map(put) })
  },
  async delete(sequence: number, id: string) {
    await store!.commit({ sequence, at: 1, operations: [{ type: 'memory-delete', id }] })
  },
  async load() {
    const ids = new Set<string>()
    let sequence = 0
    for (const batch of await collect(store!.load())) {
      sequence = batch.sequence
      for (const operation of batch.operations) apply(ids, operation)
    }
    return { ids: [...ids].sort(), sequence }
  },
  async keepIndex(words: string) {
    await store!.writeIndex(new Map([['words', new TextEncoder().encode(words)]]))
  },
  /** What the index holds; it stays open for `embeddings`. */
  async readIndex() {
    index = await store!.readIndex()
    return index && { sequence: index.sequence, words: new TextDecoder().decode(index.sections.get('words')) }
  },
  /** Which of the memories have their vectors. */
  async embeddings(ids: readonly string[]) {
    const keys = new Set<number>()
    for await (const block of index!.embeddings())
      for (const [i, key] of block.keys.entries()) if (block.vectors[i * 3 + 1] === 0.5) keys.add(key)
    await index![Symbol.asyncDispose]()
    return ids.filter((id) => keys.has(memoryKeyHash(id)))
  },
  /** Writes for ever, and tells each batch that was acknowledged. */
  async fill(sequence: number) {
    writing = true
    for (let next = sequence; writing; next++) {
      await commands.put(next, [`m${next}`])
      tell({ acknowledged: next })
    }
  },
  async text(name: string) {
    const root = await (globalThis as unknown as { navigator: Browser }).navigator.storage.getDirectory()
    const folder = await root.getDirectoryHandle(name)
    let all = ''
    for await (const file of folder.keys()) {
      const blob = await (await folder.getFileHandle(file)).getFile()
      const bytes = new Uint8Array(await blob.slice(0, blob.size).arrayBuffer())
      all += `${file} ${Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')}`
    }
    return all
  },
  async verify(name: string) {
    const root = await (globalThis as unknown as { navigator: Browser }).navigator.storage.getDirectory()
    return (await verifyJournal(createOpfsDirectory(await root.getDirectoryHandle(name)))).whole
  },
  async close() {
    await store![Symbol.asyncDispose]()
  },
}

interface Browser {
  readonly storage: {
    getDirectory(): Promise<{
      getDirectoryHandle(name: string): Promise<Parameters<typeof createOpfsDirectory>[0]>
    }>
  }
}

function apply(ids: Set<string>, operation: MemoryBatch['operations'][number]): void {
  if (operation.type === 'reset') ids.clear()
  if (operation.type === 'memory-delete') ids.delete(operation.id)
  if (operation.type !== 'memory-put') return
  ids.add(operation.memory.id)
  if (operation.embedding?.[1] !== 0.5) throw new Error(`the vector of ${operation.memory.id} is not as it was`)
}

function put(id: string): MemoryOperation {
  return {
    type: 'memory-put',
    memory: {
      ...{ id, text: `words of ${id}`, category: 'notes', origin: 'read', owner: 'me', confidence: 1, evidence: [] },
      ...{ triplets: [], space: 's', validFrom: undefined, validTo: undefined, track: undefined },
      ...{ learnedAt: 1, updatedAt: 1 },
    },
    embedding: Float32Array.of(1, 0.5, 0.25),
  }
}

const scope = globalThis as unknown as {
  call?: (name: string, args: unknown[]) => Promise<unknown>
  onAcknowledged?: (value: unknown) => void
  postMessage(value: unknown): void
  onmessage: ((event: { data: { id: number; name: string; args: unknown[] } }) => void) | null
}
const isWorker = 'WorkerGlobalScope' in globalThis

function tell(value: unknown): void {
  if (isWorker) scope.postMessage(value)
  else scope.onAcknowledged?.(value)
}

async function call(name: string, args: unknown[]): Promise<unknown> {
  try {
    return { value: await (commands as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!(...args) }
  } catch (error) {
    return { error: String(error), code: (error as { code?: string }).code }
  }
}

if (isWorker)
  scope.onmessage = async ({ data: { id, name, args } }) => {
    scope.postMessage({ id, answer: await call(name, args) })
  }
else scope.call = call
