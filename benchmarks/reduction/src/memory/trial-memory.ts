import { performance } from 'node:perf_hooks'
import { createMemoryGraph, createVolatileStore, type MemoryGraph } from '@perstream/pmg'
import type { MemoryInput, PartTable, ReductionStep } from '@perstream/spec'
import type { RankerTools } from '@perstream-benchmarks/suite/recall/ranker'
import { bytesOf } from '../measure/left'
import type { SetMemory, SetQuestion, Trial } from '../sets/question-set'

/** How many memories a question is given. */
const places = 10

/** Finds memories, best first: each place holds the ids of the memories of the trial that are one memory in the graph. */
export type Ask = (question: SetQuestion) => Promise<readonly (readonly string[])[]>

/** A warm memory, and what becomes of it. */
export interface TrialMemory {
  /** Its texts and embeddings. */
  readonly table: PartTable
  /** By owner of the table: the ids of the memories of the trial that are one there. */
  readonly ids: readonly (readonly string[])[]
  /** Takes steps of the table from a copy. Tells how to ask what is left, and the milliseconds that applying took. */
  reduced(steps: Iterable<ReductionStep>): Promise<{ readonly ask: Ask; readonly milliseconds: number }>
}

/** Fills a memory graph as a pipeline fills it, and asks what warms it up. */
export async function openTrialMemory(trial: Trial, tools: RankerTools): Promise<TrialMemory> {
  const inputs = await inputsOf(trial.memories, tools)
  const clock = { now: endOf(trial) }
  const open = () => filled(inputs, trial, { ...tools, now: () => clock.now })
  const { graph, ids } = await open()
  for (const question of trial.warming) {
    clock.now = question.askedAt ?? 0
    await graph.retrieve(queryOf(question))
  }
  clock.now = endOf(trial)
  const table = graph.parts()
  return {
    table,
    ids: [...ids.values()],
    async reduced(steps) {
      const copy = await open()
      const target = copy.graph.bytes - bytesOf(table) + bytesOf(table, steps)
      const start = performance.now()
      if (target < copy.graph.bytes) await copy.graph.reduce(target, () => steps)
      const milliseconds = performance.now() - start
      if (copy.graph.bytes !== target)
        throw new Error(`the graph counts ${copy.graph.bytes} bytes after a reduction that leaves ${target}`)
      return { ask: asker(copy.graph, copy.ids), milliseconds }
    },
  }
}

/** What a question asks for. */
export function queryOf({ text, askedAt }: SetQuestion) {
  return { text, limit: places, ...(askedAt !== undefined && { now: askedAt, asOf: askedAt - 1 }) }
}

/** Asks without a trace. @param ids of the memories of a set, by the id of the one they are in the graph */
export function asker(graph: MemoryGraph, ids: ReadonlyMap<string, readonly string[]>): Ask {
  return async (question) => {
    const hits = await graph.retrieve({ ...queryOf(question), touch: false })
    return hits.map(({ memory }) => ids.get(memory.id)!)
  }
}

/** Memories as a pipeline hands them in: with embedding, triplets by rules, and a second of evidence. */
export async function inputsOf(
  memories: readonly SetMemory[],
  { encoder, triplets }: RankerTools,
): Promise<MemoryInput[]> {
  const vectors = await encoder.encode(memories.map(({ text }) => text))
  return Promise.all(
    memories.map(async ({ text, at = 0 }, i) => ({
      ...{ text, category: 'notes', origin: 'described' as const, learnedAt: at },
      ...(at > 0 && { validFrom: at }),
      ...{ embedding: vectors[i]!, space: encoder.space },
      evidence: [{ source: 'walk', startSeconds: i, endSeconds: i + 1, frames: [i] }],
      triplets: await triplets.extract(text),
    })),
  )
}

async function filled(
  inputs: readonly MemoryInput[],
  { memories, zone }: Trial,
  { encoder, now }: RankerTools & { readonly now: () => number },
) {
  const graph = await createMemoryGraph({ store: createVolatileStore(), text: encoder, timeZone: zone, now })
  const ids = new Map<string, string[]>()
  for (const [i, { id }] of (await graph.create(inputs)).entries())
    ids.set(id, [...(ids.get(id) ?? []), memories[i]!.id])
  return { graph, ids }
}

/** When all was learned and asked. */
function endOf({ memories, warming, measured }: Trial): number {
  const times = [...memories.map(({ at }) => at), ...[...warming, ...measured].map(({ askedAt }) => askedAt)]
  return Math.max(0, ...times.filter((time) => time !== undefined))
}
