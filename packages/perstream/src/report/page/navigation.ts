import type { ReportData } from '../report-data'
import { button, element } from './dom'

const sections = [
  ['timeline', 'Timeline'],
  ['answers', 'Questions'],
  ['memories', 'Memories'],
  ['graph', 'Graph'],
  ['gate', 'Gate'],
  ['speech', 'Speech'],
  ['run', 'Run'],
] as const

/** Creates the bar that stays on top: the sections, and the switch between light and dark. */
export function createNavigation(data: ReportData): HTMLElement {
  const links = sections.map(([id, label]) => element('a', { attributes: { href: `#${id}` } }, label))
  return element(
    'header',
    { class: 'bar' },
    element(
      'div',
      { class: 'bar-inner' },
      element('a', { class: 'brand', attributes: { href: '#top', title: data.title } }, 'PerStream'),
      element('nav', { attributes: { 'aria-label': 'Sections' } }, ...links),
      createThemeSwitch(),
    ),
  )
}

// Paper is white, whatever the screen is.
function printInLight(show: () => void): void {
  let chosen: string | undefined
  addEventListener('beforeprint', () => {
    chosen = document.documentElement.dataset.theme
    document.documentElement.dataset.theme = 'light'
    show()
  })
  addEventListener('afterprint', () => {
    if (chosen === undefined) delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = chosen
    show()
  })
}

// The system's scheme leads until the reader chooses; the choice lasts as long as the page is open.
function createThemeSwitch(): HTMLButtonElement {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const isDark = (): boolean =>
    (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark'
  const toggle = button('', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark'
    show()
  })
  toggle.className = 'theme-switch'
  const show = (): void => {
    toggle.textContent = isDark() ? 'Light' : 'Dark'
    toggle.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`)
    document.dispatchEvent(new Event('theme-change'))
  }
  system.addEventListener('change', show)
  printInLight(show)
  show()
  return toggle
}
