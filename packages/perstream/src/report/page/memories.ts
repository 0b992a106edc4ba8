import type { ReportData, ReportMemory } from '../report-data'
import { button, element, emptyState, section } from './dom'
import { capital, count, words } from './format'
import { nothingStored } from './header'
import { createMemoryCard } from './memory-card'
import { countBy, filterMemories, firstSeen, type MemoryFilter } from './memory-filter'
import type { Player } from './player'
import { scrolling } from './strip'

const pageSize = 48

/** The section of the memories, and a way to bring one of them into view. */
interface MemoriesSection {
  readonly section: HTMLElement
  /** Clears the filters, then scrolls to a memory's card and marks it. */
  readonly reveal: (memoryId: string) => void
}

/** Creates the cards of what was stored, grouped by category group, with search and filters. */
export function createMemories(data: ReportData, player: Player): MemoriesSection {
  const lead = 'What was worth remembering, in its own words, with where it was seen.'
  if (data.memories.length === 0) {
    const text = `${nothingStored(data)} The memory is empty.`
    return { section: section('memories', 'Memories', lead, emptyState(text)), reveal: () => {} }
  }
  const memories = [...data.memories].sort((a, b) => firstSeen(a) - firstSeen(b))
  const controls = createControls(memories, () => show(pageSize))
  const status = element('p', { class: 'status', attributes: { role: 'status' } })
  const results = element('div', { class: 'memory-groups' })
  const show = (limit: number): void => {
    const found = filterMemories(memories, controls.filter())
    status.textContent =
      found.length === memories.length
        ? count(found.length, 'memory', 'memories')
        : `${found.length} of ${count(memories.length, 'memory', 'memories')}`
    results.replaceChildren(...createGroups(found, limit, player, () => show(limit + 4 * pageSize)))
  }
  show(pageSize)
  const reveal = (memoryId: string): void => {
    controls.clear()
    show(memories.length)
    const card = results.querySelector<HTMLElement>(`[data-memory="${CSS.escape(memoryId)}"]`)
    if (!card) return
    for (const marked of results.querySelectorAll('.marked')) marked.classList.remove('marked')
    card.classList.add('marked')
    card.scrollIntoView({ block: 'center', behavior: scrolling() })
  }
  return { section: section('memories', 'Memories', lead, controls.bar, status, results), reveal }
}

function createControls(memories: readonly ReportMemory[], onChange: () => void) {
  const search = element('input', {
    attributes: { type: 'search', placeholder: 'Search memories', 'aria-label': 'Search memories' },
    on: { input: onChange },
  })
  const category = createSelect(
    'Category',
    'All categories',
    countBy(memories, (memory) => memory.category),
    onChange,
  )
  const origin = createSelect(
    'Origin',
    'Any origin',
    countBy(memories, (memory) => memory.origin),
    onChange,
  )
  return {
    bar: element('div', { class: 'filters', attributes: { role: 'search' } }, search, category, origin),
    filter: (): MemoryFilter => ({ search: search.value, category: category.value, origin: origin.value }),
    clear: (): void => {
      for (const control of [search, category, origin]) control.value = ''
    },
  }
}

function createSelect(
  label: string,
  all: string,
  options: [string, number][],
  onChange: () => void,
): HTMLSelectElement {
  const items = options.map(([key, amount]) =>
    element('option', { attributes: { value: key } }, `${capital(words(key))} (${amount})`),
  )
  return element(
    'select',
    { attributes: { 'aria-label': label }, on: { change: onChange } },
    element('option', { attributes: { value: '' } }, all),
    ...items,
  )
}

function createGroups(
  found: readonly ReportMemory[],
  limit: number,
  player: Player,
  onMore: () => void,
): HTMLElement[] {
  if (found.length === 0) return [emptyState('No memory matches. Try fewer words or another category.')]
  const groups: HTMLElement[] = []
  let left = limit
  for (const [group, amount] of countBy(found, (memory) => memory.group)) {
    if (left <= 0) break
    const shown = found.filter((memory) => memory.group === group).slice(0, left)
    left -= shown.length
    groups.push(
      element('h3', { class: 'group-title' }, capital(words(group)), element('span', {}, String(amount))),
      element('div', { class: 'cards' }, ...shown.map((memory) => createMemoryCard(memory, player))),
    )
  }
  const hidden = found.length - (limit - left)
  if (hidden > 0)
    groups.push(button(`Show more (${hidden.toLocaleString('en-GB')} left)`, onMore, { class: 'show-more' }))
  return groups
}
