import type { ReportData, ReportPart, ReportWarning } from '../report-data'
import { button, element, emptyState, section } from './dom'
import { capital, clock, count, duration, percent, words } from './format'
import type { Player } from './player'

/** Creates how the run went: speed, time by part, warnings and settings. */
export function createRunSection(data: ReportData, player: Player): HTMLElement {
  return section(
    'run',
    'Run',
    describeSpeed(data),
    element('h3', {}, 'Where the time went'),
    data.parts.length > 0 ? createParts(data.parts) : emptyState('Time was not measured.'),
    element('h3', {}, 'Warnings'),
    createWarnings(data.warnings, player),
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
    const moment =
      seconds === undefined ? undefined : button(clock(seconds), () => player.seek(seconds), { class: 'time' })
    return element('li', {}, moment, element('span', {}, message), element('code', {}, code))
  })
  const list = element('ul', { class: 'warnings' }, ...rows)
  if (rows.length <= 8) return list
  return element('details', {}, element('summary', {}, count(rows.length, 'warning')), list)
}

function createSettings(settings: ReportData['settings']): HTMLElement {
  const rows = Object.entries(settings).map(([name, value]) =>
    element('tr', {}, element('th', { attributes: { scope: 'row' } }, name), element('td', {}, String(value))),
  )
  const content = rows.length > 0 ? element('table', {}, element('tbody', {}, ...rows)) : emptyState('All defaults.')
  return element('details', { class: 'settings' }, element('summary', {}, 'Settings'), content)
}
