import type { ReportAnswer, ReportCitation, ReportData } from '../report-data'
import { button, element, emptyState, section } from './dom'
import { createEvidence } from './evidence'
import { clock } from './format'
import type { Player } from './player'

/** Creates the questions with their answers, each linked to the frames and memories that carry it. */
export function createAnswers(data: ReportData, player: Player, reveal: (memoryId: string) => void): HTMLElement {
  const lead = 'Every answer quotes what was seen. Choose one to go to its frame.'
  const content =
    data.answers.length === 0
      ? [emptyState('No question was asked. Ask with --ask "Where did I park?".')]
      : data.answers.map((answer) => createAnswer(answer, data, player, reveal))
  return section('answers', 'Questions', lead, element('div', { class: 'answers' }, ...content))
}

function createAnswer(
  answer: ReportAnswer,
  data: ReportData,
  player: Player,
  reveal: (memoryId: string) => void,
): HTMLElement {
  const { question, askedAtSeconds, answerable, citations } = answer
  const asked = askedAtSeconds === undefined ? 'Asked at the end' : `Asked at ${clock(askedAtSeconds)}`
  return element(
    'article',
    { class: answerable ? 'answer' : 'answer not-seen' },
    element('p', { class: 'asked' }, asked),
    element('h3', {}, question),
    createAnswerText(answer, player),
    ...citations.map((citation) => createCitation(citation, answer.text, data, player, reveal)),
  )
}

function createAnswerText({ answerable, text, citations }: ReportAnswer, player: Player): HTMLElement {
  if (!answerable) return element('p', { class: 'answer-text' }, text || 'I did not see that.')
  const moment = citations[0]?.evidence[0]?.startSeconds
  if (moment === undefined) return element('p', { class: 'answer-text' }, text)
  return button(text, () => player.seek(moment), { class: 'answer-text', attributes: { title: 'Go to its frame' } })
}

// The quote is left out where it is the answer word for word.
function createCitation(
  { memoryId, text, evidence }: ReportCitation,
  answerText: string,
  data: ReportData,
  player: Player,
  reveal: (memoryId: string) => void,
): HTMLElement {
  const memory = data.memories.find(({ id }) => id === memoryId)
  const thumbnail = memory?.thumbnail === undefined ? undefined : data.keyframes[memory.thumbnail]?.thumbnail
  const picture = thumbnail ? element('img', { attributes: { src: thumbnail, alt: '', loading: 'lazy' } }) : undefined
  const links = element('div', { class: 'citation-links' }, createEvidence(evidence, player))
  if (memory) links.append(button('Show memory', () => reveal(memoryId), { class: 'link' }))
  return element(
    'div',
    { class: 'citation' },
    picture,
    element('div', {}, text === answerText ? undefined : element('blockquote', {}, text), links),
  )
}
