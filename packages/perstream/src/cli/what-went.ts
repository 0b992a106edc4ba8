import type { ReductionReport } from '@perstream/reduction'
import { bytes, count } from './format'

/** What a reduction did, in words: "2 grids and the words of 1 memory gone". */
export function whatWent({ gone, demoted }: Pick<ReductionReport, 'gone' | 'demoted'>): string {
  const grids = gone.nearestGrid + gone.meanGrid
  const lost = [
    ...(grids > 0 ? [count(grids, 'grid')] : []),
    ...(gone.embedding > 0 ? [count(gone.embedding, 'embedding')] : []),
    ...(gone.text > 0 ? [`the words of ${count(gone.text, 'memory', 'memories')}`] : []),
  ]
  const coarser = demoted.nearestGrid + demoted.meanGrid + demoted.embedding
  return [
    ...(lost.length > 0 ? [`${listed(lost)} gone`] : []),
    ...(coarser > 0 ? [`${count(coarser, 'grid or embedding', 'grids and embeddings')} kept less exactly`] : []),
  ].join(', ')
}

/** What a reduction did, and how large the memory was before and after. */
export function reductionLine(report: ReductionReport): string {
  return `${whatWent(report)}, ${bytes(report.bytesBefore)} to ${bytes(report.bytesAfter)}`
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}
