import type { Answerer, AnswerPart, AnswerRequest, CallOptions } from '@perstream/spec'
import { type Candidate, findCandidates, sameSupport } from './candidates'
import { cite, formatSeconds, howKnown, lastSeen, whenSeen } from './evidence'
import { parseQuestion, type Question } from './question'

/** How memories become answers. */
export interface ExtractiveAnswererOptions {
  /** Memories cited at most, 1 or more. Default 3. */
  readonly maxCitations?: number | undefined
  /** Share (above 0, up to 1) of the question's weight that a memory's words must support. Default 0.65. */
  readonly minSupport?: number | undefined
  /**
   * Cosine of question and memory (0..1) above which told and described memories may answer with half of `minSupport`.
   * Default 0.75: with USE-lite, two memories drawn at random reach 0.65 in one of twenty cases.
   */
  readonly minSimilarity?: number | undefined
  /** What is said when no memory carries an answer. Default "I did not see that." */
  readonly notSeenText?: string | undefined
}

/**
 * Makes an answerer that needs no model: it finds the memory whose words carry the answer, names the value asked for and
 * quotes the memory with its time. English only. What memories say is quoted and never acted on.
 * @throws TypeError for an option out of range
 */
export function createExtractiveAnswerer(options: ExtractiveAnswererOptions = {}): Answerer {
  const { maxCitations = 3, minSupport = 0.65, minSimilarity = 0.75, notSeenText = 'I did not see that.' } = options
  if (!Number.isInteger(maxCitations) || maxCitations < 1)
    throw new TypeError(`maxCitations is ${maxCitations}: it must be a whole number, 1 or more`)
  requireShare('minSupport', minSupport)
  requireShare('minSimilarity', minSimilarity)
  if (notSeenText.trim() === '') throw new TypeError('notSeenText is blank: say in words that there is no answer')
  return {
    answer: (request, call) =>
      answerFromMemories(request, { maxCitations, minSupport, minSimilarity, notSeenText }, call),
  }
}

function requireShare(name: string, value: number): void {
  if (!(value > 0 && value <= 1)) throw new TypeError(`${name} is ${value}: it must be above 0 and at most 1`)
}

type Settings = { maxCitations: number; minSupport: number; minSimilarity: number; notSeenText: string }

async function* answerFromMemories(
  request: AnswerRequest,
  settings: Settings,
  { signal }: CallOptions = {},
): AsyncGenerator<AnswerPart, void, void> {
  signal?.throwIfAborted()
  const question = parseQuestion(request.question)
  const [best, ...others] = findCandidates(question, request.memories, settings)
  if (!best) {
    yield { kind: 'not-seen', text: settings.notSeenText }
    return
  }
  yield { kind: 'text', text: phrase(question, best) }
  yield { kind: 'citation', citation: cite(best.memory) }
  for (const other of others
    .filter((each) => isWorthMention(question, best, each))
    .slice(0, settings.maxCitations - 1)) {
    signal?.throwIfAborted()
    yield {
      kind: 'text',
      text: ` ${question.type === 'free' ? 'Also: ' : 'Another memory differs: '}${phrase(question, other)}`,
    }
    yield { kind: 'citation', citation: cite(other.memory) }
  }
}

/** A second memory is told when it supports as much and says something else. */
function isWorthMention(question: Question, best: Candidate, other: Candidate): boolean {
  if (other.support <= best.support - sameSupport || other.memory.text === best.memory.text) return false
  return question.type === 'free' || tidy(other.value) !== tidy(best.value)
}

function tidy(value: string | undefined): string {
  return (value ?? '').toLowerCase().replace(/\W/g, '')
}

function phrase(question: Question, { memory, value, quote }: Candidate): string {
  const time = whenSeen(memory)
  const how = howKnown(memory)
  const quoted = memory.origin === 'told' ? `${how}: "${quote}"` : `${how} "${quote}"`
  const source = `${quoted}${time === '' ? '' : ` ${time}`}`
  const end = /[.!?]"$/.test(source) ? '' : '.'
  if (question.type === 'seen-at') return `${formatSeconds(lastSeen(memory)!.startSeconds)}. ${source}${end}`
  return value === undefined || memory.origin === 'told' ? `${source}${end}` : `${value}. ${source}${end}`
}
