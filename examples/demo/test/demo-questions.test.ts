import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cachedDemoClip, demoScript, isRightAnswer } from '../dist/index.js'
import { type RunEvent, runPerStreamEvents } from '../src/perstream-command'

type Answered = Extract<RunEvent, { type: 'answered' }>

/** Clips are kept beside the package's build, so that a second run does not render them again. */
const clips = join(import.meta.dirname, '../.perstream')

describe('the demo', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perstream-demo-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each([1, 2, 3])(
    'of seed %i has every question answered right, from pixels alone',
    async (seed) => {
      const clip = await cachedDemoClip({ seed, folder: clips })
      const { questions } = demoScript(seed)
      const answers = new Map<string, Answered>()
      const asked = questions.flatMap(({ question }) => ['--ask', question])
      const code = await runPerStreamEvents(['run', clip, '--store', join(folder, `${seed}`), ...asked], (event) => {
        if (event.type === 'answered') answers.set(event.question, event)
      })
      expect(code).toBe(0)
      const wrong = questions.filter((question) => {
        const answer = answers.get(question.question)
        return !answer || !isRightAnswer(question, answer)
      })
      expect(wrong.map(({ question }) => `${question} ${answers.get(question)?.text}`)).toEqual([])
    },
    900_000,
  )
})
