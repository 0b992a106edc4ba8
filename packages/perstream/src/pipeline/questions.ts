/** A question that is asked when the stream reaches a second, or at its end. */
export interface ScheduledQuestion {
  readonly question: string
  /** Seconds of the source, 0 or more. Absent: at the end. */
  readonly atSeconds?: number | undefined
}

/** Questions waiting for their moment. */
export interface QuestionQueue {
  /** Takes out the questions whose second has come: at or before `seconds`, earliest first, equal ones in their order. */
  due(seconds: number): ScheduledQuestion[]
  /** Takes out all that are left: those with a second first. */
  rest(): ScheduledQuestion[]
}

/** @throws TypeError for an empty question, or a second that is negative or not a number */
export function createQuestionQueue(questions: readonly ScheduledQuestion[]): QuestionQueue {
  questions.forEach(check)
  let waiting = questions
    .map((item, order) => ({ item, order, at: item.atSeconds ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => (a.at === b.at ? a.order - b.order : a.at - b.at))
  return {
    due(seconds) {
      const taken = waiting.filter(({ at }) => at <= seconds)
      waiting = waiting.filter(({ at }) => at > seconds)
      return taken.map(({ item }) => item)
    },
    rest() {
      const taken = waiting.map(({ item }) => item)
      waiting = []
      return taken
    },
  }
}

function check({ question, atSeconds }: ScheduledQuestion): void {
  if (question.trim() === '') throw new TypeError('A question is empty: give the words to ask.')
  if (atSeconds !== undefined && !(atSeconds >= 0))
    throw new TypeError(`The question "${question}" is asked at second ${atSeconds}: give 0 or more.`)
}
