import { encodeAll } from '@perstream/kit'
import { collectAnswer } from '@perstream/responder'
import type { Answer, Memory, SourceProgress } from '@perstream/spec'
import type { AskOptions } from './options'
import type { Run } from './run'

/** Answers a question from the memory of a run as it is now. */
export async function ask(run: Run, question: string, { atSeconds, signal }: AskOptions = {}): Promise<Answer> {
  const { memory, answer, text } = run.parts
  const until = atSeconds === undefined ? undefined : { source: run.source, seconds: atSeconds }
  return run.stopwatch.time('answers', async () => {
    const [vector] = await encodeAll(text, [question], { signal })
    const memories = await memory.retrieve(
      {
        text: question,
        vector,
        space: text.space,
        limit: run.config.topK,
        activation: run.config.deltaDfsThreshold,
        until,
      },
      { signal },
    )
    const moment = {
      now: run.now(),
      source: run.source,
      seconds: atSeconds ?? run.seconds,
      shortTerm: run.shortTerm.values,
    }
    const known = until ? memories.filter(({ memory: item }) => !isUnfinished(item, until)) : memories
    const grid = memory.grid?.bind(memory)
    return collectAnswer(answer.answer({ question, memories: known, moment, grid }, { signal }))
  })
}

/** Whether a memory is a sentence that was not yet said to its end: what is seen is known at once, what is said is not. */
function isUnfinished({ origin, evidence }: Memory, { source, seconds }: SourceProgress): boolean {
  return origin === 'said' && evidence.every((item) => item.source === source && item.endSeconds >= seconds)
}
