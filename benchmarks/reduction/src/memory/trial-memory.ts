import { createMemoryGraph, createVolatileStore, heat, type MemoryGraph } from '@perstream/pmg'
import { createPartTable } from '@perstream/reduction'
import type { MemoryInput, PartTable, ReductionStep } from '@perstream/spec'
import type { RankerTools } from '@perstream-benchmarks/suite/recall/ranker'
import type { SetQuestion, Trial } from '../sets/question-set'
import { alikeTexts } from './alike'
import { contentBytes } from './content-bytes'
import { type PartState, stateAfter } from './part-state'
import { rounded } from './rounded'

/** How many memories a question is given. */
const places = 10

/** Finds memories, best first: each by the numbers of the memories of the trial that it stands for. */
export type Ask = (question: SetQuestion) => Promise<readonly (readonly number[])[]>

/** A warm memory, and what becomes of it. */
export interface TrialMemory {
  /** Its texts and embeddings, as they lie in the graph. */
  readonly table: PartTable
  /** By owner of the table: the numbers of the memories of the trial that are one memory there. */
  readonly members: readonly (readonly number[])[]
  /** Takes steps of the table from a copy. Tells how to ask it. */
  reduced(steps: readonly ReductionStep[]): Promise<Ask>
}

/** Fills a memory graph as a pipeline fills it, and asks what warms it up. */
export async function openTrialMemory(trial: Trial, tools: RankerTools): Promise<TrialMemory> {
  const inputs = await inputsOf(trial, tools)
  const clock = { now: 0 }
  const { graph, ids } = await filled(inputs, trial, tools, () => clock.now)
  for (const question of trial.warming) {
    clock.now = question.askedAt ?? 0
    await graph.retrieve(queryOf(question))
  }
  clock.now = endOf(trial)
  const members = grouped(ids)
  const texts = members.map(([first]) => graph.get(ids[first!]!)!)
  const alike = alikeTexts(texts.map(({ text }) => text))
  const table = createPartTable(
    texts.map((memory, i) => ({
      heat: heat(graph.visits(memory.id), clock.now),
      learnedAt: memory.learnedAt,
      visitedAt: graph.visits(memory.id).lastVisitedAt,
      alike: alike[i]!,
      parts: [
        { granularity: 'embedding', bytes: 4 * tools.encoder.dimensions },
        { granularity: 'text', bytes: contentBytes(memory) },
      ],
    })),
  )
  return {
    table,
    members,
    reduced: async (steps) => {
      const left = leftOf(inputs, members, stateAfter(table, steps))
      const { graph: copy, ids: kept } = await filled(left.inputs, trial, tools, () => clock.now)
      const indexOf = new Map<string, number[]>()
      kept.forEach((id, i) => {
        indexOf.set(id, [...(indexOf.get(id) ?? []), ...left.members[i]!])
      })
      return async (question) => {
        const hits = await copy.retrieve({ ...queryOf(question), touch: false })
        return hits.map(({ memory }) => indexOf.get(memory.id)!)
      }
    },
  }
}

/** What of the inputs is left: of members that were one memory, the first speaks. */
function leftOf(inputs: readonly MemoryInput[], members: readonly (readonly number[])[], state: readonly PartState[][]) {
  const kept = members.flatMap((numbers, owner) => {
    const [embedding, text] = state[owner]!
    if (text === 'gone') return []
    const input = inputs[numbers[0]!]!
    const vector = embedding === 'gone' ? undefined : rounded(input.embedding!, embedding!)
    return [{ input: { ...input, embedding: vector, space: vector && input.space }, numbers }]
  })
  return { inputs: kept.map(({ input }) => input), members: kept.map(({ numbers }) => numbers) }
}

async function inputsOf({ memories }: Trial, { encoder, triplets }: RankerTools): Promise<MemoryInput[]> {
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

/** Fills first, without an encoder, so that what has no embedding stays without one; then opens with it, for the questions. */
async function filled(inputs: readonly MemoryInput[], { zone }: Trial, { encoder }: RankerTools, now: () => number) {
  const store = createVolatileStore()
  await using filling = await createMemoryGraph({ store, timeZone: zone, now })
  const results = await filling.create(inputs)
  const graph = await createMemoryGraph({ store, text: encoder, timeZone: zone, now })
  return { graph, ids: results.map(({ id }) => id) }
}

function queryOf({ text, askedAt }: SetQuestion) {
  return { text, limit: places, ...(askedAt !== undefined && { now: askedAt, asOf: askedAt - 1 }) }
}

/** When all was learned and asked. */
function endOf({ memories, warming, measured }: Trial): number {
  const times = [...memories.map(({ at }) => at), ...[...warming, ...measured].map(({ askedAt }) => askedAt)]
  return Math.max(0, ...times.filter((time) => time !== undefined))
}

/** The places of equal ids, in the order of their first. */
function grouped(ids: readonly string[]): number[][] {
  const groups = new Map<string, number[]>()
  ids.forEach((id, i) => {
    groups.set(id, [...(groups.get(id) ?? []), i])
  })
  return [...groups.values()]
}
