import { createMemoryGraph, createVolatileStore, type MemoryGraph } from '@perstream/pmg'
import { planPeriods } from '@perstream/reduction'
import type { ReductionStrategy } from '@perstream/spec'
import type { RankerTools } from '@perstream-benchmarks/suite/recall/ranker'
import { type Score, scoreOf } from '../measure/scores'
import { asker, inputsOf, queryOf } from '../memory/trial-memory'
import type { SetQuestion } from '../sets/question-set'
import type { PeriodUser } from './period-users'

/** What a period of one user came to, with one strategy. */
export interface PeriodCell {
  /** Of the questions of all periods up to this one that measure: in the order they were asked. */
  readonly scores: readonly Score[]
  readonly isTriggered: boolean
  readonly bytesFreed: number
  /** Live bytes at its end. */
  readonly bytes: number
  readonly memories: number
}

/** How periods are run. */
export interface PeriodRun {
  /** Undefined: nothing goes. */
  readonly strategy: ReductionStrategy | undefined
  /** R: bytes. */
  readonly capacity: number
  readonly tools: RankerTools
  /** Asked when their time comes, and so warm the memory up; the others measure. */
  isWarming(question: SetQuestion): boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Lives through the periods of a user: before each, room is made where its expected growth (that of the first) does not fit; its memories are stored; questions
 * that warm up are asked; then all that measure, of this and of earlier periods, without a trace.
 */
export async function runPeriods(user: PeriodUser, run: PeriodRun): Promise<PeriodCell[]> {
  const { strategy, capacity, tools, signal } = run
  const clock = { now: 0 }
  const now = () => clock.now
  await using graph = await createMemoryGraph({
    store: createVolatileStore(),
    text: tools.encoder,
    timeZone: user.zone,
    now,
  })
  const periods = planPeriods(graph, {
    strategy: strategy ?? (() => []),
    capacity: strategy ? capacity : Number.MAX_VALUE,
  })
  const ids = new Map<string, string[]>()
  const asked: SetQuestion[] = []
  const cells: PeriodCell[] = []
  for (const { memories, questions } of user.periods) {
    clock.now = Math.max(clock.now, memories[0]?.at ?? 0)
    const before = graph.bytes
    const { isTriggered } = await periods.begin({ signal })
    const bytesFreed = before - graph.bytes
    const created = await graph.create(await inputsOf(memories, tools))
    for (const [i, { id }] of created.entries()) ids.set(id, [...(ids.get(id) ?? []), memories[i]!.id])
    await warm(graph, questions.filter(run.isWarming), clock)
    asked.push(...questions.filter((question) => !run.isWarming(question) && question.relevant.length > 0))
    const ask = asker(graph, ids)
    const scores: Score[] = []
    for (const question of asked) scores.push(scoreOf(question, await ask(question)))
    cells.push({ scores, isTriggered, bytesFreed, bytes: graph.bytes, memories: graph.stats().memories })
  }
  return cells
}

async function warm(graph: MemoryGraph, questions: readonly SetQuestion[], clock: { now: number }): Promise<void> {
  for (const question of questions) {
    clock.now = Math.max(clock.now, question.askedAt ?? 0)
    await graph.retrieve(queryOf(question))
  }
}
