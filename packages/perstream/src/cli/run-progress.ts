import { SingleBar } from 'cli-progress'
import type { PerStreamEvent } from '../pipeline/events'
import type { CommandContext } from './context'
import { clock } from './format'

/** Shows how far a run is. */
export interface RunProgress {
  on(event: PerStreamEvent): void
  /** Steps aside so that a line can be printed. */
  print(write: () => void): void
  stop(): void
}

/** A bar with source time, speed against real time, frames kept and memories stored; nothing when nobody watches. */
export function createRunProgress(
  context: CommandContext,
  range: { start: number; end: number | undefined },
): RunProgress {
  if (!context.interactive) return { on() {}, print: (write) => write(), stop() {} }
  const bar = new SingleBar({
    format: '  {bar} {time} of {whole}  {speed}x real time  {frames} frames kept  {memories} memories',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    stream: process.stderr,
  })
  const began = performance.now()
  const shown = { time: clock(range.start), whole: '?', speed: '-', frames: 0, memories: 0 }
  const update = (seconds: number) => {
    shown.time = clock(seconds)
    shown.speed = ((seconds - range.start) / ((performance.now() - began) / 1000)).toFixed(1)
    bar.update(Math.max(0, seconds - range.start), shown)
  }
  return {
    on(event) {
      if (event.type === 'started') {
        const end = range.end ?? event.duration
        shown.whole = end === null ? '?' : clock(end)
        bar.start(end === null ? 0 : Math.max(0.001, end - range.start), 0, shown)
      }
      if (event.type === 'memory-stored' && event.outcome === 'created') shown.memories++
      if (event.type === 'frame-kept') {
        shown.frames++
        update(event.seconds)
      }
    },
    print(write) {
      if (bar.isActive) process.stderr.write('\r\u001b[K')
      write()
    },
    stop: () => bar.stop(),
  }
}
