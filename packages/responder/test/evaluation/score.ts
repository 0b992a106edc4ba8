import { createRandom } from '@perstream/kit'
import { collectAnswer, createExtractiveAnswerer } from '../../src/index'
import { corrupt } from './corrupt'
import { rankMemories, storeMemories } from './rank'
import type { World, WorldQuestion } from './world'

/** What became of the questions. Refused counts answerable questions that were called not seen; invented, unanswerable ones that were answered. */
export interface Tally {
  answerable: number
  right: number
  wrong: number
  refused: number
  unanswerable: number
  declined: number
  invented: number
  readonly failures: string[]
}

/** Asks all questions of the worlds; with noise, in `variants` misread copies of each world. */
export async function evaluate(worlds: readonly World[], variants: number): Promise<Tally> {
  const tally: Tally = {
    answerable: 0,
    right: 0,
    wrong: 0,
    refused: 0,
    unanswerable: 0,
    declined: 0,
    invented: 0,
    failures: [],
  }
  const answerer = createExtractiveAnswerer()
  for (let seed = 0; seed < Math.max(1, variants); seed++) {
    const random = createRandom(seed + 1)
    for (const world of worlds) {
      const misread = world.memories.map((memory) =>
        memory.origin === 'read' && variants > 0 ? { ...memory, text: corrupt(memory.text, random) } : memory,
      )
      const stored = storeMemories(misread)
      for (const question of world.questions) {
        const answer = await collectAnswer(
          answerer.answer({ question: question.ask, memories: rankMemories(question.ask, stored), moment: { now: 0 } }),
        )
        count(tally, question, answer)
      }
    }
  }
  return tally
}

function count(
  tally: Tally,
  question: WorldQuestion,
  answer: { text: string; answerable: boolean; citations: readonly { memoryId: string }[] },
): void {
  const fail = (what: string) => tally.failures.push(`${what}: ${question.ask} -> ${answer.text}`)
  if (question.from === undefined) {
    tally.unanswerable++
    if (!answer.answerable) tally.declined++
    else {
      tally.invented++
      fail('invented')
    }
    return
  }
  tally.answerable++
  if (!answer.answerable) {
    tally.refused++
    fail('refused')
  } else if (isRight(question, answer)) tally.right++
  else {
    tally.wrong++
    fail('wrong')
  }
}

function isRight(
  question: WorldQuestion,
  answer: { text: string; citations: readonly { memoryId: string }[] },
): boolean {
  const first = answer.text.split(/ (?:Another memory differs|Also): /)[0]!
  const holds = (text: string) => containsNearly(fold(first), fold(text))
  return (
    answer.citations[0]?.memoryId === question.from &&
    question.holds.every(holds) &&
    !question.lacks.some((text) => first.includes(text))
  )
}

/** Letters and digits only, those that look alike made one. */
function fold(text: string): string {
  return text
    .toLowerCase()
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w')
    .replace(/[^a-z0-9]/g, '')
    .replace(/[il1]/g, '1')
    .replace(/[oa0dq]/g, '0')
    .replace(/[5s]/g, '5')
    .replace(/[8bh]/g, '8')
    .replace(/[uvy]/g, 'v')
    .replace(/[ce]/g, 'c')
    .replace(/[ft]/g, 't')
    .replace(/[rn]/g, 'n')
    .replace(/[2z]/g, 'z')
    .replace(/[gq9]/g, 'g')
}

/** True when `part` lies in `text`, with one character lost for every eight. */
function containsNearly(text: string, part: string): boolean {
  let row = new Array<number>(text.length + 1).fill(0)
  for (let i = 1; i <= part.length; i++) {
    const next = [i]
    for (let j = 1; j <= text.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (part[i - 1] === text[j - 1] ? 0 : 1)))
    row = next
  }
  return Math.min(...row) <= Math.floor(part.length / 8)
}
