import { createMemoryGraph, createVolatileStore, type MemoryGraph } from '@perstream/pmg'
import { drawGraph } from './draw-graph'
import { linesOf } from './lines-of'

type Memory = ReturnType<MemoryGraph['list']>[number]

const shownAtMost = 100
const file = element<HTMLInputElement>('file')
const search = element<HTMLInputElement>('search')
const problem = element('problem')
let graph: MemoryGraph | undefined
let asked = 0

file.addEventListener('change', async () => {
  const [chosen] = file.files ?? []
  if (!chosen) return
  problem.hidden = true
  try {
    const opened = await createMemoryGraph({ store: createVolatileStore() })
    await opened.import(linesOf(chosen))
    graph = opened
    search.value = ''
    search.hidden = false
    show(graph)
  } catch (error) {
    problem.textContent = `${chosen.name} is not a memory: ${error instanceof Error ? error.message : error}`
    problem.hidden = false
  }
  file.value = ''
})

search.addEventListener('input', async () => {
  const text = search.value
  if (!graph) return
  if (text.trim() === '') return list(graph.list({ limit: shownAtMost }))
  const turn = ++asked
  const found = await graph.retrieve({ text, limit: 20 })
  if (turn === asked)
    list(
      found.map(({ memory }) => memory),
      found.length === 0 ? 'Nothing of that.' : undefined,
    )
})

function show(shown: MemoryGraph): void {
  const { memories, entities, relations } = shown.stats()
  element('summary').textContent =
    `${memories} memories of ${entities} things, ${relations} relations. They stay on this page.`
  list(shown.list({ limit: shownAtMost }))
  drawGraph(element<SVGSVGElement>('graph'), shown.entities(), shown.relations())
}

function list(memories: readonly Memory[], none = 'No memories yet.'): void {
  asked++
  const items = memories.map((memory) => item(memory))
  element('memories').replaceChildren(...(items.length > 0 ? items : [make('li', none)]))
}

function item(memory: Memory): HTMLElement {
  const told = new Date(memory.learnedAt)
  const time = make('time', told.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }))
  time.dateTime = told.toISOString()
  const line = make('small', time, make('span', memory.category))
  if (memory.space !== undefined) line.append(similarButton(memory))
  return make('li', make('p', memory.text), line)
}

/** Finds what is like a memory by its vector, which came with it. */
function similarButton({ id, space }: Memory): HTMLElement {
  const button = make('button', 'similar')
  button.addEventListener('click', async () => {
    const vector = graph?.embedding(id)
    const found = vector ? await graph!.retrieve({ vector, space, exclude: [id] }) : []
    list([graph!.get(id)!, ...found.map(({ memory }) => memory)])
  })
  return button
}

function element<Found extends Element = HTMLElement>(id: string): Found {
  return document.querySelector<Found>(`#${id}`)!
}

function make<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, ...children: (Node | string)[]) {
  const made = document.createElement(tag)
  made.append(...children)
  return made
}
