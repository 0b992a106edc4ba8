import type { DemoContent } from './content'

/** A question about the clip with its truth. */
export interface DemoQuestion {
  readonly question: string
  /** False when the clip never shows it: the right answer then is "I did not see that". */
  readonly answerable: boolean
  /** An answer is right when it has every string of at least one of these lists; empty when not answerable. */
  readonly accept: readonly (readonly string[])[]
  /** The text that shows it; absent when nothing does. */
  readonly shownBy?: string
}

/** What the pipeline said to a question. */
export interface GivenAnswer {
  /** The answer's words. */
  readonly text: string
  /** False when the answer is "I did not see that". */
  readonly answerable: boolean
}

/** Lists the questions of a clip: what it shows, and two things it never shows. */
export function questionsOf(content: DemoContent): DemoQuestion[] {
  const { calendar, receipt, parking, plate, badge, door, whiteboard, shelf } = content
  const dentist = calendar.entries.find((entry) => entry.title.startsWith('Dentist'))!
  const wanted = shelf[0]!
  const asked = (question: string, shownBy: string, ...accept: string[]): DemoQuestion => ({
    question,
    answerable: true,
    accept: [accept],
    shownBy,
  })
  return [
    asked('When is my dentist appointment?', 'calendar', dentist.day, dentist.time),
    asked('What did I pay at the bakery?', 'receipt', receipt.total),
    asked('Where did I park?', 'parking', `Level ${parking.level}`),
    asked('What is the number plate of my car?', 'plate', plate.number),
    asked('Whose name is on the badge?', 'badge', badge.name),
    asked(`What is the room number of ${door.department}?`, 'door-sign', door.room),
    asked('What is the guest Wi-Fi password?', 'whiteboard', whiteboard.password),
    asked(`What is the launch date of project ${whiteboard.project}?`, 'whiteboard', whiteboard.launch),
    asked(`Which box has the ${wanted.contents.toLowerCase()}?`, 'label-1', `Box ${wanted.box}`),
    ...content.unseen.map((question) => ({ question, answerable: false, accept: [] })),
  ]
}

/**
 * Says whether an answer is right. For a question that cannot be answered: when the answer says so. Else when it claims an
 * answer that has every string of at least one list of `accept`, compared in lower case, with `.`, `,` and `:` between
 * digits alike, all other punctuation as spaces, and a space between letters and digits. Spaces inside an accepted string
 * may be missing in the answer ("picnicblankets"); a match never begins or ends within a number or within a word ("9.40" is not in "19.40").
 */
export function isRightAnswer(question: DemoQuestion, answer: GivenAnswer): boolean {
  if (answer.answerable !== question.answerable) return false
  return !question.answerable || question.accept.some((all) => all.every((part) => hasPart(answer.text, part)))
}

/** Whether `part` stands in `text`, by the rules of {@link isRightAnswer}. */
export function hasPart(text: string, part: string): boolean {
  const pattern = normalizeText(part).replaceAll('.', '\\.').replaceAll(' ', ' ?')
  const edge = (character: string) => (/\d/.test(character) ? '\\d.' : 'a-z')
  const wanted = normalizeText(part)
  const before = edge(wanted[0]!)
  const after = edge(wanted.at(-1)!)
  const beyond = after === 'a-z' ? '(?![a-z])' : '(?!\\d|\\.\\d)'
  return new RegExp(`(?<![${before}])${pattern}${beyond}`).test(normalizeText(text))
}

/**
 * Lower case, `.` for any separator between digits, single spaces for all other punctuation and between letters and
 * digits ("LEVEL3" is "level 3": readers cannot tell narrow gaps).
 */
export function normalizeText(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/(?<=\d)\s*[.,:]\s*(?=\d)/g, '.')
    .replace(/[^a-z0-9.]+|\.(?!\d)|(?<!\d)\./g, ' ')
    .replace(/(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])/g, ' ')
    .replace(/ +/g, ' ')
    .trim()
}
