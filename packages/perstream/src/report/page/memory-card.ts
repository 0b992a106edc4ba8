import type { ReportMemory } from '../report-data'
import { button, element } from './dom'
import { createEvidence } from './evidence'
import { capital, percent, words } from './format'
import { firstSeen } from './memory-filter'
import type { Player } from './player'

const longestText = 200

const origins: Readonly<Record<string, string>> = {
  read: 'Read',
  seen: 'Seen',
  said: 'Heard',
  described: 'Described',
  told: 'Told',
}

const outcomes: Readonly<Record<string, string>> = {
  extended: ' again',
  revised: ', revised since',
}

/** Creates the card of one memory. */
export function createMemoryCard(memory: ReportMemory, player: Player): HTMLElement {
  const { text, category, origin, evidence } = memory
  return element(
    'article',
    { class: 'card', attributes: { 'data-memory': memory.id } },
    createPicture(memory, player),
    element(
      'div',
      { class: 'card-body' },
      element('p', { class: 'card-category' }, capital(words(category))),
      ...createText(text),
      createEvidence(evidence, player),
      element('p', { class: 'card-meta' }, describeOrigin(origin, memory.outcome), createConfidence(memory.confidence)),
    ),
  )
}

// A whole page that was read would push everything else away.
function createText(text: string): HTMLElement[] {
  const paragraph = element('p', { class: 'card-text' }, text)
  if (text.length <= longestText) return [paragraph]
  paragraph.classList.add('clamped')
  const all = button('Show all', () => {
    paragraph.classList.remove('clamped')
    all.remove()
  })
  all.className = 'link'
  return [paragraph, all]
}

/** Says in words where a memory's text comes from. */
function describeOrigin(origin: string, outcome = ''): string {
  const source = origins[origin] ?? capital(origin)
  return `${source}${outcomes[outcome] ?? ''}`
}

function createPicture(memory: ReportMemory, player: Player): HTMLElement | undefined {
  const thumbnail = memory.thumbnail === undefined ? undefined : player.keyframes[memory.thumbnail]?.thumbnail
  if (!thumbnail) return undefined
  const picture = button('', () => player.seek(firstSeen(memory)), {
    class: 'card-picture',
    attributes: { 'aria-label': `Show the moment of: ${memory.text}` },
  })
  picture.append(element('img', { attributes: { src: thumbnail, alt: '', loading: 'lazy', decoding: 'async' } }))
  return picture
}

function createConfidence(confidence: number): HTMLElement {
  const meter = element('span', { class: 'meter', attributes: { 'aria-hidden': 'true' } }, element('i'))
  meter.style.setProperty('--value', `${Math.round(confidence * 100)}%`)
  return element(
    'span',
    { class: 'confidence', attributes: { title: 'How sure the words are' } },
    meter,
    `${percent(confidence)} sure`,
  )
}
