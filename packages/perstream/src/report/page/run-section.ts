import type { ReportData, ReportPart, ReportReduction, ReportWarning } from '../report-data'
import { button, element, emptyState, section } from './dom'
import { capital, clock, count, duration, percent, words } from './format'
import type { Player } from './player'

/** Creates how the run went: speed, time by part, warnings, what went for the budget, and settings. */
export function createRunSection(data: ReportData, player: Player): HTMLElement {
  return section(
    'run',
    'Run',
    describeSpeed(data),
    element('h3', {}, 'Where the time went'),
    data.parts.length > 0 ? createParts(data.parts) : emptyState('Time was not measured.'),
    element('h3', {}, 'Warnings'),
    createWarnings(data.warnings, player),
    ...(data.reductions ? [element('h3', {}, 'For the budget'), createReductions(data.reductions, player)] : []),
    createSettings(data.settings),
  )
}

function describeSpeed({ speed, source }: ReportData): string {
  const watched = `${duration(speed.sourceSeconds)} of video in ${duration(speed.wallSeconds)}`
  const whole = source.durationSeconds
  const part = whole !== undefined && whole > speed.sourceSeconds * 1.05 ? `, out of ${duration(whole)}` : ''
  const factor =
    speed.wallSeconds > 0 ? `: ${(speed.sourceSeconds / speed.wallSeconds).toFixed(1)} times real time` : ''
  return `${watched}${part}${factor}.`
}

function createParts(parts: readonly ReportPart[]): HTMLElement {
  const sorted = [...parts].sort((a, b) => b.share - a.share)
  const rows = sorted.map(({ name, share }) => {
    const bar = element('span', { class: 'part-bar', attributes: { 'aria-hidden': 'true' } })
    bar.style.setProperty('--value', `${(100 * share) / Math.max(sorted[0]!.share, 1e-9)}%`)
    return element('li', {}, element('span', {}, capital(words(name))), bar, element('b', {}, percent(share)))
  })
  return element('ul', { class: 'parts' }, ...rows)
}

function createWarnings(warnings: readonly ReportWarning[], player: Player): HTMLElement {
  if (warnings.length === 0) return element('p', { class: 'muted' }, 'None.')
  const rows = warnings.map(({ code, message, seconds }) => {
    const moment = seconds === undefined ? undefined : momentButton(seconds, player)
    return element('li', {}, moment, element('span', {}, message), element('code', {}, code))
  })
  return createNotes(rows, count(rows.length, 'warning'))
}

function createReductions(reductions: readonly ReportReduction[], player: Player): HTMLElement {
  if (reductions.length === 0) return element('p', { class: 'muted' }, 'Nothing had to go.')
  const rows = reductions.map(({ message, seconds }) =>
    element('li', {}, momentButton(seconds, player), element('span', {}, message)),
  )
  return createNotes(rows, count(rows.length, 'time'))
}

function momentButton(seconds: number, player: Player): HTMLElement {
  return button(clock(seconds), () => player.seek(seconds), { class: 'time' })
}

/** A list; a long one is folded. */
function createNotes(rows: readonly HTMLElement[], title: string): HTMLElement {
  const list = element('ul', { class: 'warnings' }, ...rows)
  return rows.length <= 8 ? list : element('details', {}, element('summary', {}, title), list)
}

function createSettings(settings: ReportData['settings']): HTMLElement {
  const rows = Object.entries(settings).map(([name, value]) =>
    element('tr', {}, element('th', { attributes: { scope: 'row' } }, name), element('td', {}, String(value))),
  )
  const content = rows.length > 0 ? element('table', {}, element('tbody', {}, ...rows)) : emptyState('All defaults.')
  return element('details', { class: 'settings' }, element('summary', {}, 'Settings'), content)
}
