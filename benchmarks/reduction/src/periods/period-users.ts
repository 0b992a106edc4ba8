import { splitPeriods } from '@perstream/reduction'
import { type DriveRow, memoriesOf, relevantOf } from '@perstream-benchmarks/suite/recall/drivenact'
import { recallSet } from '@perstream-benchmarks/suite/recall/set/index'
import { ownMemory } from '../sets/own-set'
import type { SetMemory, SetQuestion } from '../sets/question-set'

/** What a period brings: memories, then questions. */
export interface Period {
  readonly memories: readonly SetMemory[]
  readonly questions: readonly SetQuestion[]
}

/** A person whose life comes in periods. */
export interface PeriodUser {
  readonly name: string
  readonly zone?: string | undefined
  readonly periods: readonly Period[]
}

/** The person of the project's own set: periods of as many memories each, and the questions asked meanwhile. */
export function ownUser(periods: number): PeriodUser {
  const { memories, questions, zone } = ownMemory()
  let from = Number.NEGATIVE_INFINITY
  const parts = splitPeriods(memories, periods)
  return {
    name: recallSet.person,
    zone,
    periods: parts.map((part, i) => {
      const to = parts[i + 1]?.[0]?.at ?? Number.POSITIVE_INFINITY
      const asked = questions.filter(({ askedAt = 0 }) => askedAt >= from && askedAt < to)
      from = to
      return { memories: part, questions: asked }
    }),
  }
}

/**
 * The participants, each with rows in the order of video and time, cut into periods as the prototype cuts them (BEHAVIOUR 11.4; L1). The memories of a period's rows
 * are stored in that period, not in the first alone (B-90).
 */
export function driveUsers(rows: readonly DriveRow[], periods: number): PeriodUser[] {
  const participants = [...new Set(rows.map(({ participant_id }) => participant_id))].sort((a, b) => a - b)
  return participants.map((participant) => {
    const own = rows
      .filter(({ participant_id }) => participant_id === participant)
      .sort((a, b) =>
        a.video_id < b.video_id ? -1 : a.video_id > b.video_id ? 1 : Number(a.timestamp) - Number(b.timestamp),
      )
    const known = new Set<string>()
    return {
      name: String(participant),
      periods: splitPeriods(own, periods).map((part) => ({
        memories: part.flatMap(memoriesOf).flatMap((text) => {
          if (known.has(text)) return []
          known.add(text)
          return [{ id: text, text }]
        }),
        questions: part.flatMap((row) => questionOf(row, own.indexOf(row))),
      })),
    }
  })
}

function questionOf(row: DriveRow, index: number): SetQuestion[] {
  const relevant = relevantOf(row)
  if (row.type !== 'passive' || !row.question || relevant.length === 0) return []
  return [{ id: `${row.participant_id} ${index}`, text: row.question, relevant, needs: 'all' }]
}
