import { GraphCamera } from './graph-camera'
import { createLayout } from './graph-layout'
import type { GraphModel, GraphNode } from './graph-model'
import { paintGraph } from './graph-painter'
import { followPointers } from './graph-pointers'

/** The drawn graph: what the section around it can ask of it. */
export class GraphView {
  readonly canvas: HTMLCanvasElement
  readonly #model: GraphModel
  readonly #camera = new GraphCamera()
  readonly #onSelect: (node: GraphNode | undefined) => void
  #selected: GraphNode | undefined
  #hovered: GraphNode | undefined
  #moved = false
  #pending = false

  constructor(canvas: HTMLCanvasElement, model: GraphModel, onSelect: (node: GraphNode | undefined) => void) {
    this.canvas = canvas
    this.#model = model
    this.#onSelect = onSelect
    canvas.addEventListener('keydown', (event) => this.#key(event))
    document.addEventListener('theme-change', () => this.#paintNow())
    new ResizeObserver(() => this.#resize()).observe(canvas)
    followPointers(canvas, {
      pan: (dx, dy) => this.pan(dx, dy),
      zoom: (factor, x, y) => this.zoom(factor, x, y),
      hover: (x, y) => this.#hover(x, y),
      choose: (x, y) => this.select(this.#camera.hit(model.nodes, x, y)),
    })
    this.#startWhenSeen()
  }

  /** Chooses a node, or none. `centre` brings it to the middle. */
  select(node: GraphNode | undefined, { centre = false } = {}): void {
    this.#selected = node
    if (node && centre) {
      this.#moved = true
      this.#camera.centre(node, this.canvas.clientWidth, this.canvas.clientHeight)
    }
    this.paint()
    this.#onSelect(node)
  }

  pan(dx: number, dy: number): void {
    this.#moved = true
    this.#camera.pan(dx, dy)
    this.paint()
  }

  /** Zooms around a point, by default the middle. */
  zoom(factor: number, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2): void {
    this.#moved = true
    this.#camera.zoom(factor, x, y)
    this.paint()
  }

  /** Shows the whole graph. */
  fit(): void {
    this.#moved = false
    this.#camera.fit(this.#model.nodes, this.canvas.clientWidth, this.canvas.clientHeight)
    this.paint()
  }

  /** Draws once in the next animation frame, however often it is called. */
  paint(): void {
    if (this.#pending) return
    this.#pending = true
    requestAnimationFrame(() => {
      this.#pending = false
      this.#paintNow()
    })
  }

  #paintNow(): void {
    paintGraph(this.canvas, this.#model, this.#camera, { selected: this.#selected, hovered: this.#hovered })
  }

  // The layout costs seconds of work for thousands of nodes: it starts when the reader gets there.
  #startWhenSeen(): void {
    const layout = createLayout(this.#model)
    const crowd = this.#model.nodes.length > 800
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    const advance = (): void => {
      const unsettled = layout.advance(still || crowd ? 40 : 10)
      if (!this.#moved && (!still || !unsettled)) this.fit()
      else this.paint()
      this.canvas.dataset.layout = unsettled ? 'moving' : 'settled'
      if (unsettled) requestAnimationFrame(advance)
    }
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return
        observer.disconnect()
        layout.advance(120)
        advance()
      },
      { rootMargin: '600px' },
    )
    observer.observe(this.canvas)
  }

  #resize(): void {
    const density = Math.min(2, devicePixelRatio || 1)
    this.canvas.width = Math.round(this.canvas.clientWidth * density)
    this.canvas.height = Math.round(this.canvas.clientHeight * density)
    if (this.#moved) this.paint()
    else this.fit()
  }

  #hover(x: number | undefined, y = 0): void {
    const node = x === undefined ? undefined : this.#camera.hit(this.#model.nodes, x, y)
    this.canvas.style.cursor = node ? 'pointer' : 'grab'
    if (node === this.#hovered) return
    this.#hovered = node
    this.paint()
  }

  #key(event: KeyboardEvent): void {
    const step = 40
    if (event.key === 'ArrowLeft') this.pan(step, 0)
    else if (event.key === 'ArrowRight') this.pan(-step, 0)
    else if (event.key === 'ArrowUp') this.pan(0, step)
    else if (event.key === 'ArrowDown') this.pan(0, -step)
    else if (event.key === '+' || event.key === '=') this.zoom(1.3)
    else if (event.key === '-') this.zoom(1 / 1.3)
    else if (event.key === '0') this.fit()
    else if (event.key === 'Escape') this.select(undefined)
    else return
    event.preventDefault()
  }
}
