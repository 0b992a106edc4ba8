import type { ReportData, ReportMemory } from '../report-data'
import { element } from './dom'
import { capital, clock, score, words } from './format'
import { lastAtOrBefore, type Player } from './player'

const reasons: Readonly<Record<string, string>> = {
  first: 'the first frame',
  motion: 'the view had moved',
  scene: 'the scene had changed',
  interval: 'kept at a fixed interval',
  gap: 'nothing had changed for a while',
}

/** Creates the panel beside the picture: what is known of the moment that is shown. */
export function createMomentPanel(data: ReportData, player: Player): HTMLElement {
  const panel = element('div', { class: 'moment' })
  let shown = -2
  player.watch(({ index, keyframes, playing }) => {
    panel.setAttribute('aria-live', playing ? 'off' : 'polite')
    if (index === shown) return
    shown = index
    const keyframe = keyframes[index]
    if (!keyframe) return
    const until = keyframes[index + 1]?.seconds ?? Number.POSITIVE_INFINITY
    panel.replaceChildren(
      element('p', { class: 'moment-time' }, clock(keyframe.seconds)),
      element('p', { class: 'moment-frame' }, describeFrame(keyframe)),
      ...describeGate(data, keyframe.seconds, until),
      ...describeMemories(data.memories, keyframe.seconds, until),
    )
  })
  return panel
}

function describeFrame({ frame, reason, motion, sharpness }: ReportData['keyframes'][number]): string {
  const parts = [`Frame ${frame}`, describeReason(reason)]
  if (motion > 0) parts.push(`motion ${motion.toFixed(1)} px`)
  if (sharpness > 0) parts.push(`sharpness ${Math.round(sharpness)}`)
  return parts.join(' · ')
}

/** Says in words why a frame was kept. */
export function describeReason(reason: string): string {
  return reasons[reason] ?? `kept for ${words(reason)}`
}

function describeGate({ gate }: ReportData, from: number, until: number): HTMLElement[] {
  const decisions = gate
    .slice(Math.max(0, lastAtOrBefore(gate, from - 0.001)))
    .filter((decision) => within(decision.seconds, from, until))
  const best = decisions.reduce<(typeof decisions)[number] | undefined>(
    (top, decision) => (top && top.score >= decision.score ? top : decision),
    undefined,
  )
  if (!best) return [element('p', { class: 'moment-none' }, 'Nothing was recognised here.')]
  const verdict = best.remember ? `Remembered as ${words(best.category)}` : 'Let go'
  return [
    element('blockquote', {}, best.text),
    element('p', { class: best.remember ? 'verdict kept' : 'verdict' }, `${verdict}, score ${score(best.score)}`),
  ]
}

function describeMemories(memories: readonly ReportMemory[], from: number, until: number): HTMLElement[] {
  const seen = memories.filter(({ evidence }) =>
    evidence.some(({ startSeconds, endSeconds }) => startSeconds < until && endSeconds >= from - 0.001),
  )
  if (seen.length === 0) return []
  const items = seen
    .slice(0, 4)
    .map(({ text, category }) =>
      element('li', {}, element('span', { class: 'moment-category' }, capital(words(category))), text),
    )
  const more = seen.length > 4 ? [element('li', { class: 'more' }, `and ${seen.length - 4} more`)] : []
  return [element('h3', {}, 'Memories seen here'), element('ul', {}, ...items, ...more)]
}

function within(seconds: number, from: number, until: number): boolean {
  return seconds >= from - 0.001 && seconds < until - 0.001
}
