/** What pointers do to the graph; coordinates are CSS pixels of the canvas. */
interface PointerActions {
  readonly pan: (dx: number, dy: number) => void
  readonly zoom: (factor: number, x: number, y: number) => void
  /** Without coordinates: the pointer left. */
  readonly hover: (x?: number, y?: number) => void
  readonly choose: (x: number, y: number) => void
}

const clickSlack = 4

/**
 * Turns pointer and wheel events into actions: drag pans, two fingers zoom, a click chooses. The wheel zooms once the graph
 * has the focus, or with Ctrl; before that it scrolls the page.
 */
export function followPointers(canvas: HTMLCanvasElement, actions: PointerActions): void {
  const down = new Map<number, { x: number; y: number }>()
  let travelled = 0
  const place = (event: MouseEvent): { x: number; y: number } => {
    const box = canvas.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  canvas.addEventListener('pointerdown', (event) => {
    if (down.size === 0) travelled = 0
    down.set(event.pointerId, place(event))
    canvas.setPointerCapture(event.pointerId)
  })
  canvas.addEventListener('pointermove', (event) => {
    const now = place(event)
    const before = down.get(event.pointerId)
    if (!before) return actions.hover(now.x, now.y)
    travelled += Math.hypot(now.x - before.x, now.y - before.y)
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1]
    if (other) {
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.hypot(before.x - other.x, before.y - other.y)
      if (Number.isFinite(factor) && factor > 0) actions.zoom(factor, (now.x + other.x) / 2, (now.y + other.y) / 2)
    } else if (travelled > clickSlack) actions.pan(now.x - before.x, now.y - before.y)
    down.set(event.pointerId, now)
  })
  canvas.addEventListener('pointerup', (event) => {
    const { x, y } = place(event)
    if (down.delete(event.pointerId) && down.size === 0 && travelled <= clickSlack) actions.choose(x, y)
  })
  canvas.addEventListener('pointercancel', (event) => down.delete(event.pointerId))
  canvas.addEventListener('pointerleave', () => actions.hover())
  const wheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && document.activeElement !== canvas) return
    event.preventDefault()
    const { x, y } = place(event)
    actions.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), x, y)
  }
  canvas.addEventListener('wheel', wheel, { passive: false })
}
