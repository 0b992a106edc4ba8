import type { ReportData, ReportKeyframe } from '../report-data'

/** The stretch of the source that the page shows, in seconds. */
export interface TimeRange {
  readonly start: number
  readonly end: number
}

type Listener = (player: Player) => void

/** Holds the moment that the whole page shows, and plays through it. */
export class Player {
  readonly range: TimeRange
  readonly keyframes: readonly ReportKeyframe[]
  seconds: number
  playing = false
  speed = 4
  readonly #listeners: Listener[] = []

  constructor(data: ReportData) {
    this.keyframes = data.keyframes
    this.range = shownRange(data)
    this.seconds = this.keyframes[0]?.seconds ?? this.range.start
  }

  /** Calls the listener now and at every change. */
  watch(listener: Listener): void {
    this.#listeners.push(listener)
    listener(this)
  }

  /** Goes to a second, kept within the range. */
  seek(seconds: number): void {
    this.seconds = Math.min(this.range.end, Math.max(this.range.start, seconds))
    this.#notify()
  }

  /** Goes to the keyframe before (-1) or after (+1) the one shown. */
  step(direction: -1 | 1): void {
    const index = Math.min(this.keyframes.length - 1, Math.max(0, this.index + direction))
    const keyframe = this.keyframes[index]
    if (keyframe) this.seek(keyframe.seconds)
  }

  /** The index of the last keyframe at or before the moment; the first one where there is none before; -1 without any. */
  get index(): number {
    return lastAtOrBefore(this.keyframes, this.seconds)
  }

  toggle(): void {
    this.playing = !this.playing
    if (this.playing && this.seconds >= this.range.end - 0.05) this.seconds = this.range.start
    if (this.playing) this.#run()
    this.#notify()
  }

  #run(): void {
    let before = performance.now()
    const tick = (now: number): void => {
      if (!this.playing) return
      const next = this.seconds + ((now - before) / 1000) * this.speed
      before = now
      if (next >= this.range.end) this.playing = false
      this.seek(next)
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  }

  #notify(): void {
    for (const listener of this.#listeners) listener(this)
  }
}

/** Finds the last item at or before a second, or the first item (0) when all are later, or -1 when there are none. */
export function lastAtOrBefore(items: readonly { readonly seconds: number }[], seconds: number): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (items[middle]!.seconds <= seconds + 1e-6) low = middle + 1
    else high = middle
  }
  return items.length === 0 ? -1 : Math.max(0, low - 1)
}

// A run over a small part of a long source shows that part alone.
function shownRange({ source, speed, keyframes, gate }: ReportData): TimeRange {
  const moments = [...keyframes, ...gate].map(({ seconds }) => seconds)
  const last = moments.reduce((most, seconds) => Math.max(most, seconds), 0)
  const end = Math.max(source.durationSeconds ?? speed.sourceSeconds, last, 1)
  if (moments.length === 0 || speed.sourceSeconds > 0.8 * end) return { start: 0, end }
  const first = moments.reduce((least, seconds) => Math.min(least, seconds), end)
  return { start: first, end: Math.max(last, first + speed.sourceSeconds, first + 1) }
}
