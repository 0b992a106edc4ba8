import type { Progress } from '@perstream/spec'
import { SingleBar } from 'cli-progress'
import type { CommandContext } from './context'
import { bytes, clock, number } from './format'

/** Shows how far long work is. */
export interface WorkProgress {
  /** @param note what is told beside it, such as a rate */
  on(progress: Progress, note?: string): void
  stop(): void
}

/** Columns of what stands beside the bar, at its longest. */
const besideBar = 62

const units = {
  bytes: { show: bytes, name: '' },
  memories: { show: number, name: ' memories' },
}

/** A bar with what is done, of how much, and how long it may still take; nothing when nobody watches. */
export function createWorkProgress(context: CommandContext, unit: keyof typeof units): WorkProgress {
  if (!context.interactive) return { on() {}, stop() {} }
  const bar = new SingleBar({
    format: '  {bar}  {reached}{whole}  {left}{note}',
    barsize: Math.max(4, Math.min(30, (process.stderr.columns || 80) - besideBar)),
    barCompleteChar: '\u2588',
    barIncompleteChar: '\u2591',
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  const { show, name } = units[unit]
  let first: { readonly at: number; readonly done: number } | undefined
  return {
    on({ done, total }, note = '') {
      const now = performance.now()
      if (!first) bar.start(total ?? 0, done, { reached: show(done), whole: '', left: '', note: '' })
      first ??= { at: now, done }
      const perSecond = ((done - first.done) * 1000) / (now - first.at)
      const seconds = total !== undefined && perSecond > 0 ? (total - done) / perSecond : undefined
      bar.update(done, {
        reached: show(done),
        whole: `${total === undefined ? '' : ` of ${show(total)}`}${name}`,
        left: seconds === undefined ? '' : `${clock(Math.ceil(seconds))} left  `,
        note,
      })
    },
    stop() {
      if (first) bar.stop()
    },
  }
}
