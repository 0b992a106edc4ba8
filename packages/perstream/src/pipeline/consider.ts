import { mean, normalize } from '@perstream/kit'
import type { Moment, RetrievedMemory, Speech } from '@perstream/spec'
import type { RememberedMoment } from './remember'
import type { Run } from './run'

/** Asks the policy whether to speak, with what the memory held before this moment. */
export async function consider(run: Run, moment: Moment, remembered: readonly RememberedMoment[]): Promise<Speech> {
  const { speak, memory, signal } = run.parts
  const captions = remembered.flatMap((part) => part.captions)
  const results = remembered.flatMap((part) => part.results)
  const request = { moment, captions: captions.map(({ caption }) => caption), seconds: run.seconds, now: run.now() }
  const memories = await run.stopwatch.time('speaking', async (): Promise<RetrievedMemory[]> => {
    if (captions.length === 0) return []
    return memory.retrieve(
      {
        text: request.captions.map(({ text }) => text).join('\n'),
        vector: normalize(mean(captions.map(({ vector }) => vector))),
        space: run.parts.text.space,
        limit: run.config.topK,
        activation: run.config.deltaDfsThreshold,
        exclude: results.map(({ id }) => id),
        touch: false,
      },
      { signal },
    )
  })
  return run.stopwatch.time('speaking', () => speak!.consider({ ...request, memories }, { signal }))
}
