import { SingleBar } from 'cli-progress'
import type { PerStreamEvent } from '../pipeline/events'
import type { CommandContext } from './context'
import { clock, count } from './format'

/** Shows how far a run is. */
export interface RunProgress {
  on(event: PerStreamEvent): void
  /** A keyframe was found: earlier than its event, which comes with its moment. */
  keyframe(seconds: number): void
  /** Steps aside so that a line can be printed. */
  print(write: () => void): void
  stop(): void
}

/** Columns of what stands beside the bar, at its longest. */
const besideBar = 65

/** A bar with source time, speed against real time, frames kept and memories stored; nothing when nobody watches. */
export function createRunProgress(
  context: CommandContext,
  range: { start: number; end: number | undefined },
): RunProgress {
  if (!context.interactive) return { on() {}, keyframe() {}, print: (write) => write(), stop() {} }
  const bar = new SingleBar({
    format: '  {bar}  {time}{whole}  {speed} real time  {frames}  {memories}',
    barsize: Math.max(4, Math.min(30, (process.stderr.columns || 80) - besideBar)),
    barCompleteChar: '\u2588',
    barIncompleteChar: '\u2591',
    hideCursor: true,
    clearOnComplete: true,
    // Drawn again under each line that was printed.
    forceRedraw: true,
    stream: process.stderr,
  })
  const began = performance.now()
  let [whole, reached, frames, memories] = ['', range.start, 0, 0]
  const shown = () => {
    const speed = (reached - range.start) / ((performance.now() - began) / 1000)
    return {
      ...{ time: clock(reached), whole, speed: `${speed.toFixed(1)}x` },
      ...{ frames: count(frames, 'keyframe'), memories: count(memories, 'memory', 'memories') },
    }
  }
  return {
    on(event) {
      if (event.type === 'started') {
        const end = range.end ?? event.duration
        if (end !== null) whole = ` of ${clock(end)}`
        bar.start(end === null ? 0 : Math.max(0.001, end - range.start), 0, shown())
      }
      if (event.type === 'memory-stored' && event.outcome === 'created') {
        memories++
        bar.update(shown())
      }
    },
    keyframe(seconds) {
      frames++
      reached = seconds
      bar.update(Math.max(0, seconds - range.start), shown())
    },
    print(write) {
      if (!bar.isActive) return write()
      process.stderr.write('\r\u001b[K')
      write()
      // The place that the bar goes back to when it stops.
      process.stderr.write('\u001b7')
    },
    stop: () => bar.stop(),
  }
}
