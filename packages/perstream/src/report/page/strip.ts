import { button, element } from './dom'
import { clock } from './format'
import type { Player } from './player'

const mostShown = 1000

/** Creates the row of keyframes, evenly thinned out above a thousand; a picture is decoded only once it comes near the view. */
export function createStrip(player: Player): HTMLElement {
  const load = new IntersectionObserver((entries) => entries.forEach(showPicture), { rootMargin: '0px 800px' })
  const stride = Math.ceil(player.keyframes.length / mostShown) || 1
  const shown = player.keyframes.filter((_, index) => index % stride === 0)
  const items = shown.map((keyframe, position) => {
    const index = position * stride
    const item = button('', () => player.seek(keyframe.seconds), {
      attributes: { 'aria-label': `Keyframe ${index + 1} at ${clock(keyframe.seconds)}`, tabindex: -1 },
    })
    const picture = element('img', { attributes: { alt: '' } })
    if (keyframe.thumbnail) item.dataset.index = String(index)
    item.append(picture, element('span', {}, clock(keyframe.seconds)))
    load.observe(item)
    return item
  })
  const strip = element('div', { class: 'strip', attributes: { role: 'group', 'aria-label': 'Keyframes' } }, ...items)
  addEventListener('beforeprint', () => items.forEach(loadPicture))
  let current: HTMLButtonElement | undefined
  player.watch(({ index }) => {
    const next = items[Math.floor(index / stride)]
    if (next === current) return
    current?.removeAttribute('aria-current')
    if (current) current.tabIndex = -1
    current = next
    if (!current) return
    current.setAttribute('aria-current', 'true')
    current.tabIndex = 0
    strip.scrollTo({
      left: current.offsetLeft - strip.clientWidth / 2 + current.offsetWidth / 2,
      behavior: scrolling(),
    })
  })
  return strip

  function showPicture({ isIntersecting, target }: IntersectionObserverEntry): void {
    if (isIntersecting && target instanceof HTMLElement) loadPicture(target)
  }

  function loadPicture(target: HTMLElement): void {
    load.unobserve(target)
    const thumbnail = player.keyframes[Number(target.dataset.index)]?.thumbnail
    const picture = target.querySelector('img')
    if (thumbnail && picture) picture.src = thumbnail
  }
}

/** How the page scrolls by itself: smoothly, unless the reader asked for less motion. */
export function scrolling(): ScrollBehavior {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth'
}
