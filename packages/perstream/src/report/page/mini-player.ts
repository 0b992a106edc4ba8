import { button, element } from './dom'
import { clock } from './format'
import type { Player } from './player'
import { scrolling } from './strip'

/** Creates the small picture in the corner that shows the moment gone to, while the timeline itself is out of view. */
export function createMiniPlayer(player: Player, timeline: HTMLElement): HTMLElement {
  const picture = element('img', { class: 'mini-picture', attributes: { alt: '' } })
  const time = element('span', { class: 'mini-time' })
  const open = button('', () => timeline.scrollIntoView({ behavior: scrolling() }), {
    class: 'mini-open',
    attributes: { 'aria-label': 'Back to the timeline' },
  })
  open.append(picture, time)
  const close = button('×', () => setMoved(false), { class: 'mini-close', attributes: { 'aria-label': 'Close' } })
  const mini = element('aside', { class: 'mini', attributes: { 'aria-label': 'Moment shown' } }, open, close)
  let timelineVisible = true
  let moved = false
  const update = (): void => {
    mini.hidden = timelineVisible || !moved
  }
  const setMoved = (value: boolean): void => {
    moved = value
    update()
  }
  const view = timeline.querySelector('.stage') ?? timeline
  new IntersectionObserver(([entry]) => {
    timelineVisible = entry?.isIntersecting ?? false
    if (timelineVisible) moved = false
    update()
  }).observe(view)
  let before = player.seconds
  player.watch(({ keyframes, index, seconds }) => {
    if (seconds !== before) setMoved(!timelineVisible)
    before = seconds
    const thumbnail = keyframes[index]?.thumbnail
    picture.hidden = thumbnail === undefined
    if (thumbnail && picture.src !== thumbnail) picture.src = thumbnail
    time.textContent = clock(seconds)
  })
  return mini
}
