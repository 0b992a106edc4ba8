import { readFile } from 'node:fs/promises'
import { createRandom } from '@perstream/kit'

/** A row as it is shipped. */
export interface DriveRow {
  readonly participant_id: number
  readonly video_id: string
  /** Seconds. */
  readonly timestamp: string
  readonly type: string
  readonly type_1_memories?: readonly string[]
  readonly type_2_memories?: readonly string[]
  readonly question?: string
  readonly reference?: readonly string[]
}

/** A question of a participant, the texts that answer it, and the participant's own memories at that moment. */
export interface DriveQuestion {
  readonly participant: number
  readonly text: string
  readonly relevant: readonly string[]
  readonly own: readonly string[]
}

/** The questions of the passive rows, and all memories of all rows. */
export interface DriveData {
  readonly questions: readonly DriveQuestion[]
  /** Distinct, with the participants who have them. */
  readonly pool: ReadonlyMap<string, ReadonlySet<number>>
}

/** Reads the rows as they are. */
export async function loadDriveRows(file: string): Promise<DriveRow[]> {
  return JSON.parse(await readFile(file, 'utf8')) as DriveRow[]
}

/** Reads the rows (BEHAVIOUR.md section 13). A reference beyond its list is left out, `(V)` too; equal texts are one. */
export async function loadDriveData(file: string): Promise<DriveData> {
  const rows = await loadDriveRows(file)
  const pool = new Map<string, Set<number>>()
  for (const row of rows)
    for (const text of memoriesOf(row)) pool.set(text, (pool.get(text) ?? new Set()).add(row.participant_id))
  const questions = rows
    .filter(({ type, question }) => type === 'passive' && question)
    .map((row) => ({
      participant: row.participant_id,
      text: row.question!,
      relevant: relevantOf(row),
      own: [...new Set(memoriesOf(row))],
    }))
  return { questions: questions.filter(({ relevant }) => relevant.length > 0), pool }
}

/** A question's own memories and `count` of other participants, mixed by a seed. */
export function withOthers(
  { own, participant }: DriveQuestion,
  { pool }: DriveData,
  seed: number,
  count = 50,
): string[] {
  const mine = new Set(own)
  const others = [...pool].filter(([text, who]) => !who.has(participant) && !mine.has(text)).map(([text]) => text)
  return [...own, ...createRandom(seed).shuffle(others).slice(0, count)]
}

/** The texts that a row lists. */
export function memoriesOf({ type_1_memories = [], type_2_memories = [] }: DriveRow): string[] {
  return [...type_1_memories, ...type_2_memories]
}

/** The texts that a row's question is answered by. */
export function relevantOf({ type_1_memories = [], type_2_memories = [], reference = [] }: DriveRow): string[] {
  const texts = reference.flatMap((mark) => {
    const [, list, place] = /^\(M([12])\.(\d+)\)$/.exec(mark) ?? []
    const text = (list === '1' ? type_1_memories : list === '2' ? type_2_memories : [])[Number(place) - 1]
    return text === undefined ? [] : [text]
  })
  return [...new Set(texts)]
}
