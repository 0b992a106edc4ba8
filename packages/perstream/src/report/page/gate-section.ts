import type { ReportData } from '../report-data'
import { element, emptyState, section } from './dom'
import { count } from './format'
import { createGateChart } from './gate-chart'
import type { Player } from './player'

/** Creates the remember gate's scores over time, against its threshold. */
export function createGateSection(data: ReportData, player: Player): HTMLElement {
  const lead = 'How worth remembering each caption was. Above the line it is stored, below it is let go.'
  if (data.gate.length === 0) {
    return section(
      'gate',
      'Remember gate',
      lead,
      emptyState('Nothing was recognised, so the gate had nothing to decide.'),
    )
  }
  const kept = data.gate.filter(({ remember }) => remember).length
  const legend = element(
    'p',
    { class: 'legend' },
    element('span', { class: 'key-kept' }, `Remembered (${kept})`),
    element('span', { class: 'key-let-go' }, `Let go (${data.gate.length - kept})`),
    element('span', { class: 'key-threshold' }, 'Threshold'),
  )
  const chart = createGateChart(data.gate, player)
  chart.setAttribute('aria-label', `Gate scores of ${count(data.gate.length, 'caption')}; arrow keys go through them`)
  return section('gate', 'Remember gate', lead, legend, chart)
}
