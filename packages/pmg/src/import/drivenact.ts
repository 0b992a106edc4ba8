import { type Evidence, PerStreamError } from '@perstream/spec'
import { type ImportItem, isRecord, remember, skip, unfitText } from './import-item'

/** How rows of the prototype's data set become memories. */
export interface DrivenActOptions {
  /** The category of a memory; type 1 are facts of the person, type 2 what they once did. Default 'notes', as rows name none. */
  readonly category?: string | ((text: string, type: 1 | 2) => string) | undefined
}

const framesPerSecond = 15
const lists = ['type_1_memories', 'type_2_memories'] as const

/**
 * Turns rows of the prototype's data set (BEHAVIOUR.md 13) into memories: parsed rows, or the file's text. The lists repeat what earlier rows of
 * a video said, so each text of a video is taken once, at the second of the row that brought it. The owner is `vp` and the participant's
 * number, the evidence is the video, and the time it was learned is that in the video's name (read as UTC) plus the second.
 *
 * @throws PerStreamError `input-invalid` for what is not a list of rows
 */
export function* importDrivenAct(
  rows: string | Iterable<unknown>,
  options: DrivenActOptions = {},
): Generator<ImportItem, void, void> {
  const { category = 'notes' } = options
  const categoryOf = typeof category === 'string' ? () => category : category
  const known = new Set<string>()
  let number = -1
  for (const row of listed(rows)) {
    number++
    const at = `row ${number}`
    const moment = isRecord(row) ? momentOf(row) : 'is not an object'
    if (typeof moment === 'string') {
      yield skip(at, moment, row)
      continue
    }
    for (const [i, list] of lists.entries())
      for (const [j, text] of textsOf((row as Row)[list]).entries()) {
        const unfit = unfitText(text)
        if (unfit) yield skip(`${at}, ${list}[${j}]`, unfit, text)
        else if (isNews(known, moment, text as string))
          yield remember(`${at}, ${list}[${j}]`, {
            text: text as string,
            category: categoryOf(text as string, i === 0 ? 1 : 2),
            origin: 'told',
            ...moment,
          })
      }
  }
}

interface Row {
  readonly type_1_memories?: unknown
  readonly type_2_memories?: unknown
}

interface RowMoment {
  readonly owner: string
  readonly evidence: readonly [Evidence]
  readonly learnedAt: number | undefined
}

function listed(rows: string | Iterable<unknown>): Iterable<unknown> {
  if (typeof rows !== 'string') return rows
  let value: unknown
  try {
    value = JSON.parse(rows)
  } catch (cause) {
    throw new PerStreamError(
      'input-invalid',
      `the rows are not JSON: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
  if (Array.isArray(value)) return value
  throw new PerStreamError(
    'input-invalid',
    'the rows are not a list: give the data set as it was shipped, a JSON array',
  )
}

/** Whose row it is, when and where; or what is wrong with it. */
function momentOf(row: Readonly<Record<string, unknown>>): RowMoment | string {
  const { video_id: video, participant_id: participant, timestamp } = row
  if (typeof video !== 'string' || video === '') return 'names no video_id'
  const seconds =
    typeof timestamp === 'number'
      ? timestamp
      : typeof timestamp === 'string' && timestamp.trim() !== ''
        ? Number(timestamp)
        : Number.NaN
  if (!Number.isFinite(seconds) || seconds < 0)
    return `has the timestamp ${JSON.stringify(timestamp)}, which is no number of seconds`
  const inName = /^vp(\d+)\//.exec(video)?.[1]
  if (inName !== undefined && participant !== undefined && Number(inName) !== Number(participant))
    return `is of participant ${participant}, its video of ${inName}`
  const number = inName ?? participant
  const start = startOf(video)
  return {
    owner: number === undefined ? video : `vp${number}`,
    evidence: [
      { source: video, startSeconds: seconds, endSeconds: seconds, frames: [Math.round(seconds * framesPerSecond)] },
    ],
    learnedAt: start === undefined ? undefined : start + Math.round(seconds * 1000),
  }
}

function startOf(video: string): number | undefined {
  const found = /(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)/.exec(video)
  const time = found ? Date.parse(`${found[1]}T${found[2]}:${found[3]}:${found[4]}Z`) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

function textsOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

function isNews(known: Set<string>, { evidence: [{ source }] }: RowMoment, text: string): boolean {
  const key = `${source}\0${text}`
  if (known.has(key)) return false
  known.add(key)
  return true
}
