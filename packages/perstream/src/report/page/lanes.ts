import type { ReportData } from '../report-data'
import { element, svg } from './dom'
import { clockRange } from './format'
import type { Player, TimeRange } from './player'

interface Mark {
  readonly start: number
  readonly end: number
  readonly label: string
}

/** Creates the thin rows under the scrub bar that mark what was seen, heard, spoken and answered; a click goes to the nearest mark. */
export function createLanes(data: ReportData, player: Player): HTMLElement {
  const marksOf = (memories: ReportData['memories']) =>
    memories.flatMap(({ text, evidence }) => evidence.map((item) => toMark(item, text)))
  const heard = data.memories.filter(({ origin }) => origin === 'said')
  const seen = data.memories.filter(({ origin }) => origin !== 'said')
  const spoken = data.speech
    .filter(({ kind }) => kind === 'spoke')
    .map(({ seconds, text = '' }) => ({ start: seconds, end: seconds, label: text }))
  const answers = data.answers.flatMap(({ question, citations }) =>
    citations.flatMap(({ evidence }) => evidence.map((item) => toMark(item, question))),
  )
  const lanes: [string, Mark[]][] = [
    ['Memories', marksOf(seen)],
    ['Heard', marksOf(heard)],
    ['Answers', answers],
    ['Spoken', spoken],
  ]
  const drawn = lanes.filter(([, marks]) => marks.length > 0).map(([name, marks]) => createLane(name, marks, player))
  return element('div', { class: 'lanes' }, ...drawn)
}

function createLane(name: string, marks: Mark[], player: Player): HTMLElement {
  const { start, end } = player.range
  const shape = svg('svg', {
    attributes: { viewBox: '0 0 1000 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
  })
  for (const mark of marks) {
    const x = (1000 * (mark.start - start)) / (end - start)
    const width = Math.max(3, (1000 * (mark.end - mark.start)) / (end - start))
    const rectangle = svg('rect', { attributes: { x: Math.min(x, 997), y: 0, width, height: 8, rx: 1.5 } })
    rectangle.append(svg('title', {}, `${clockRange(mark.start, mark.end)}  ${mark.label}`))
    shape.append(rectangle)
  }
  shape.addEventListener('click', (event) => {
    const box = shape.getBoundingClientRect()
    const seconds = start + ((event.clientX - box.left) / box.width) * (end - start)
    player.seek(nearestMark(marks, seconds, { start, end }).start)
  })
  return element('div', { class: `lane lane-${name.toLowerCase()}` }, element('span', {}, name), shape)
}

function nearestMark(marks: readonly Mark[], seconds: number, range: TimeRange): Mark {
  const distance = ({ start, end }: Mark): number => Math.max(start - seconds, seconds - end, 0)
  const fallback: Mark = { ...range, label: '' }
  return marks.reduce((best, mark) => (distance(mark) < distance(best) ? mark : best), marks[0] ?? fallback)
}

function toMark({ startSeconds, endSeconds }: { startSeconds: number; endSeconds: number }, label: string): Mark {
  return { start: startSeconds, end: endSeconds, label }
}
