import type { ReportData, ReportSpeech } from '../report-data'
import { button, element, emptyState, section } from './dom'
import { capital, clock, count } from './format'
import { countBy } from './memory-filter'
import type { Player } from './player'

const mostMoments = 60

/** Creates what was said unasked, and why it was silent the rest of the time. */
export function createSpeech(data: ReportData, player: Player): HTMLElement {
  const spoken = data.speech.filter(({ kind }) => kind === 'spoke')
  const silent = data.speech.filter(({ kind }) => kind === 'silent')
  const lead = 'It speaks up by itself only when that seems worth an interruption.'
  if (data.speech.length === 0) {
    return section('speech', 'Speech', lead, emptyState('Speaking up was not considered in this run.'))
  }
  const said =
    spoken.length === 0
      ? [emptyState('It never spoke up by itself.')]
      : spoken.map(({ seconds, text = '' }) =>
          element('li', {}, momentButton(seconds, player), element('blockquote', {}, text)),
        )
  const list = element(spoken.length === 0 ? 'div' : 'ol', { class: 'spoken' }, ...said)
  return section('speech', 'Speech', lead, list, ...(silent.length > 0 ? [createSilences(silent, player)] : []))
}

function createSilences(silent: readonly ReportSpeech[], player: Player): HTMLElement {
  const reasons = countBy(silent, ({ reason }) => reason ?? 'no reason given')
  const rows = reasons.map(([reason, amount]) => {
    const moments = silent.filter((item) => (item.reason ?? 'no reason given') === reason)
    const buttons = moments.slice(0, mostMoments).map(({ seconds }) => momentButton(seconds, player))
    const more = moments.length > mostMoments ? [`and ${moments.length - mostMoments} more`] : []
    return element(
      'div',
      { class: 'reason' },
      element('p', {}, element('b', {}, `${amount}×`), ` ${capital(reason)}`),
      element('div', { class: 'evidence' }, ...buttons, ...more),
    )
  })
  return element(
    'details',
    { class: 'silences' },
    element('summary', {}, `Stayed silent ${count(silent.length, 'time')}`),
    ...rows,
  )
}

function momentButton(seconds: number, player: Player): HTMLElement {
  return button(clock(seconds), () => player.seek(seconds), {
    class: 'time',
    attributes: { 'aria-label': `Go to ${clock(seconds)}` },
  })
}
