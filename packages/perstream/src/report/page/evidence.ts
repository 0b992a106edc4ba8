import type { ReportEvidence } from '../report-data'
import { button, element } from './dom'
import { clockRange } from './format'
import type { Player } from './player'

const mostShown = 4

/** Creates the buttons that go to where something was seen; many are folded into "and N more". */
export function createEvidence(evidence: readonly ReportEvidence[], player: Player): HTMLElement {
  const list = element('div', { class: 'evidence' })
  const add = ({ startSeconds, endSeconds }: ReportEvidence): void => {
    const range = clockRange(startSeconds, endSeconds)
    list.append(
      button(range, () => player.seek(startSeconds), { class: 'time', attributes: { 'aria-label': `Go to ${range}` } }),
    )
  }
  evidence.slice(0, mostShown).forEach(add)
  const rest = evidence.slice(mostShown)
  if (rest.length > 0) {
    const more = button(`and ${rest.length} more`, () => {
      more.remove()
      rest.forEach(add)
    })
    more.className = 'link'
    list.append(more)
  }
  if (evidence.length === 0) list.append(element('span', { class: 'muted' }, 'no moment known'))
  return list
}
