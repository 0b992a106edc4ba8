import { createMemoryGraph, createVolatileStore } from '@perstream/pmg'
import type { Answer } from '@perstream/spec'
import { nodeAvDriver } from '@perstream/video/node-av'
import { type DemoQuestion, demoScript, isRightAnswer } from '@perstream-examples/demo'
import { createLitePreset, createPerStream } from 'perstream'

/** A question, what was answered, and whether that is right. */
export interface DemoMark {
  readonly question: DemoQuestion
  readonly answer: Answer
  readonly right: boolean
  /** The words of the text that shows it. */
  readonly shown: readonly string[]
}

/** What a run on the clip of one seed gave. */
export interface DemoRun {
  readonly marks: readonly DemoMark[]
  /** Seconds of the clip by seconds of the run. */
  readonly speed: number
  /** The words of all memories. */
  readonly memories: readonly string[]
}

/** Watches the clip of a seed with the lite preset, and asks all of its questions. */
export async function askDemo(seed: number, clip: string): Promise<DemoRun> {
  const script = demoScript(seed)
  await using preset = await createLitePreset()
  await using store = createVolatileStore()
  await using graph = await createMemoryGraph({ store, text: preset.text })
  const started = performance.now()
  const source = await nodeAvDriver().open(clip)
  const questions = script.questions.map(({ question }) => ({ question }))
  const answers = new Map<string, Answer>()
  for await (const event of createPerStream({ ...preset, source, memory: graph, questions }))
    if (event.type === 'answered') answers.set(event.question, event)
  const seconds = (performance.now() - started) / 1000
  const marks = script.questions.map((question): DemoMark => {
    const answer = answers.get(question.question)!
    const shown = script.texts.find(({ id }) => id === question.shownBy)?.words ?? []
    return { question, answer, right: isRightAnswer(question, answer), shown }
  })
  return { marks, speed: script.duration / seconds, memories: graph.list().map(({ text }) => text) }
}
