import type { Answer } from '@perstream/spec'
import { ask } from './ask'
import { checkBudget } from './budget'
import type { PerStreamEvent } from './events'
import type { AskOptions, PerStreamOptions } from './options'
import { checkParts } from './parts'
import { createRun } from './run'
import { runEvents } from './run-events'

/**
 * A running memory of one source. Iterate it once: the run goes as fast as its events are taken, and leaving the loop
 * frees the source. What was stored stays stored.
 */
export interface PerStream extends AsyncIterable<PerStreamEvent> {
  /** Answers a question from the memory as it is now; at any time. */
  ask(question: string, options?: AskOptions): Promise<Answer>
}

/**
 * Composes the parts into a run: keyframes, moments, captions, gate, memory, answers and speech.
 * @throws PerStreamError `pipeline-incompatible` when parts do not fit together; while it is iterated, `budget-exceeded` when a moment does
 * not fit into the budget: what was stored before stays stored
 * @throws TypeError for parameters out of range
 */
export function createPerStream(options: PerStreamOptions): PerStream {
  checkParts(options)
  if (options.budget) checkBudget(options.memory, options.budget)
  const run = createRun(options)
  const events = runEvents(run)
  return {
    ask: (question, askOptions) => ask(run, question, askOptions),
    [Symbol.asyncIterator]: () => events,
  }
}
