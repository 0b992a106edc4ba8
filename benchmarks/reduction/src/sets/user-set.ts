import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { halves } from './halves'
import type { QuestionSet, SetMemory, SetQuestion } from './question-set'

interface UserFile {
  readonly name?: string
  readonly zone?: string
  readonly memories: readonly { readonly id: string; readonly text: string; readonly at?: string }[]
  readonly questions: readonly {
    readonly text: string
    readonly askedAt?: string
    readonly evidence: readonly string[]
  }[]
}

/**
 * Reads memories and questions of one's own: `{ name, zone, memories: [{ id, text, at }], questions: [{ text, askedAt, evidence }] }`. Times are ISO 8601 and
 * may be absent; `evidence` holds the ids of the memories that each answer the question, and is empty for what was never seen.
 * @throws TypeError that names what is wrong, and where
 */
export async function userSet(file: string, seeds: readonly number[]): Promise<QuestionSet> {
  if (!existsSync(file)) throw new TypeError(`there is no ${file}: give the path of a file with memories and questions`)
  const { name = 'yours', zone, memories, questions } = checked(JSON.parse(await readFile(file, 'utf8')), file)
  const asked = {
    zone,
    memories: memories.map(({ id, text, at }, i): SetMemory => ({ id, text, at: timeOf(at, `memories[${i}].at`) })),
    questions: questions.map(
      ({ text, askedAt, evidence }, i): SetQuestion => ({
        ...{ id: String(i), text, relevant: evidence, needs: 'any' },
        askedAt: timeOf(askedAt, `questions[${i}].askedAt`),
      }),
    ),
  }
  return {
    name,
    warmedBy: `half of the ${questions.length} questions, drawn by lot; the other half measures; then the other way round (${seeds.length} draws)`,
    trials: halves(asked, seeds),
  }
}

function checked(value: unknown, file: string): UserFile {
  const { memories, questions } = (value ?? {}) as Partial<UserFile>
  if (!Array.isArray(memories) || !Array.isArray(questions))
    throw new TypeError(`${file} holds no "memories" or no "questions": both must be lists`)
  const ids = new Set<string>()
  memories.forEach(({ id, text }, i) => {
    if (typeof id !== 'string' || typeof text !== 'string')
      throw new TypeError(`memories[${i}] of ${file} has no "id" or no "text": both must be strings`)
    if (ids.has(id)) throw new TypeError(`memories[${i}] of ${file} has the id ${JSON.stringify(id)} of another`)
    ids.add(id)
  })
  questions.forEach(({ text, evidence }, i) => {
    if (typeof text !== 'string' || !Array.isArray(evidence))
      throw new TypeError(`questions[${i}] of ${file} has no "text" or no "evidence", which must be a list of ids`)
    const unknown = evidence.find((id) => !ids.has(id))
    if (unknown !== undefined)
      throw new TypeError(`questions[${i}] of ${file} names the memory ${JSON.stringify(unknown)}, which is not there`)
  })
  if (questions.filter(({ evidence }) => evidence.length > 0).length < 2)
    throw new TypeError(`${file} has fewer than two questions with evidence: one half warms up, the other measures`)
  return value as UserFile
}

function timeOf(text: string | undefined, field: string): number | undefined {
  const time = text === undefined ? undefined : Date.parse(text)
  if (Number.isNaN(time)) throw new TypeError(`${field} is ${JSON.stringify(text)}: it must be a time in ISO 8601`)
  return time
}
