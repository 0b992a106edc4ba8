import type { ReportData } from '../report-data'
import { button, element, emptyState, section } from './dom'
import { clock } from './format'
import { createLanes } from './lanes'
import { createMomentPanel, describeReason } from './moment-panel'
import type { Player } from './player'
import { createStrip } from './strip'

const speeds = [1, 4, 16]

/** Creates the player: the current keyframe, what is known of its moment, the scrub bar with its marks, and all keyframes. */
export function createTimeline(data: ReportData, player: Player): HTMLElement {
  const lead = 'Each picture is a keyframe: the sharpest frame since the view last changed.'
  if (data.keyframes.length === 0) return section('timeline', 'Timeline', lead, emptyState('No keyframe was kept.'))
  const timeline = section(
    'timeline',
    'Timeline',
    lead,
    element('div', { class: 'player' }, createStage(data, player), createMomentPanel(data, player)),
    element('div', { class: 'transport' }, createControls(player), createScrubber(data, player)),
    createStrip(player),
  )
  timeline.addEventListener('keydown', (event) => stepByKey(event, player))
  return timeline
}

function createStage({ source }: ReportData, player: Player): HTMLElement {
  const picture = element('img', { attributes: { alt: '' } })
  const missing = element('p', { class: 'stage-missing' }, 'No picture was kept of this moment.')
  const stage = element('figure', { class: 'stage' }, picture, missing)
  if (source.width > 0 && source.height > 0) stage.style.aspectRatio = `${source.width} / ${source.height}`
  let shown: unknown
  player.watch(({ keyframes, index }) => {
    const keyframe = keyframes[index]
    if (!keyframe || keyframe === shown) return
    shown = keyframe
    stage.classList.toggle('without-picture', keyframe.thumbnail === undefined)
    if (keyframe.thumbnail) picture.src = keyframe.thumbnail
    picture.alt = `Keyframe at ${clock(keyframe.seconds)}, ${describeReason(keyframe.reason)}`
  })
  return stage
}

function createControls(player: Player): HTMLElement {
  const play = button('Play', () => player.toggle(), { class: 'play' })
  const speed = button('', () => {
    player.speed = speeds[(speeds.indexOf(player.speed) + 1) % speeds.length]!
    showSpeed()
  })
  const showSpeed = (): void => {
    speed.textContent = `${player.speed}×`
    speed.setAttribute('aria-label', `Playing ${player.speed} times real time; change`)
  }
  showSpeed()
  player.watch(({ playing }) => {
    play.textContent = playing ? 'Pause' : 'Play'
    play.classList.toggle('playing', playing)
  })
  const step = (direction: -1 | 1, label: string, sign: string): HTMLElement =>
    button(sign, () => player.step(direction), { attributes: { 'aria-label': label, title: label } })
  return element(
    'div',
    { class: 'controls' },
    step(-1, 'Previous keyframe', '‹'),
    play,
    step(1, 'Next keyframe', '›'),
    speed,
  )
}

function createScrubber(data: ReportData, player: Player): HTMLElement {
  const { start, end } = player.range
  const input = element('input', {
    class: 'scrub',
    attributes: { type: 'range', min: start, max: end, step: 'any', 'aria-label': 'Moment in the video' },
  })
  input.addEventListener('input', () => player.seek(Number(input.value)))
  const now = element('output', { class: 'clock' })
  player.watch(({ seconds }) => {
    input.value = String(seconds)
    input.setAttribute('aria-valuetext', `${clock(seconds)} of ${clock(end)}`)
    input.style.setProperty('--played', `${((seconds - start) / (end - start)) * 100}%`)
    now.textContent = `${clock(seconds)} / ${clock(end)}`
  })
  return element('div', { class: 'scrubber' }, input, createLanes(data, player), now)
}

function stepByKey(event: Event, player: Player): void {
  if (!(event instanceof KeyboardEvent) || event.altKey || event.ctrlKey || event.metaKey) return
  if (event.key === 'ArrowLeft') player.step(-1)
  else if (event.key === 'ArrowRight') player.step(1)
  else if (event.key === ' ' && !(event.target instanceof HTMLButtonElement)) player.toggle()
  else return
  event.preventDefault()
}
