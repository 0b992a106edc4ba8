import type { PerStreamEvent } from '../pipeline/events'
import { showAnswer } from './ask'
import type { CommandContext } from './context'
import { clock, count, oneLine } from './format'

/** Prints the events of a run as a person reads them: results on stdout. Returns false for events that print nothing. */
export function printEvent(event: PerStreamEvent, { out, note }: CommandContext): boolean {
  const lines = linesOf(event)
  for (const line of lines) (event.type === 'warning' ? note : out)(line)
  return lines.length > 0
}

function linesOf(event: PerStreamEvent): string[] {
  switch (event.type) {
    case 'started':
      return [`${event.location}  (${event.width}x${event.height}, ${recorded(event.startedAt)})`]
    case 'memory-stored':
      return event.outcome === 'created'
        ? [`  ${clock(event.seconds).padStart(6)}  ${event.category.padEnd(18)} ${oneLine(event.text)}`]
        : []
    case 'spoke':
      return [`  ${clock(event.seconds).padStart(6)}  says: ${oneLine(event.text)}`]
    case 'answered':
      return [
        '',
        `? ${event.question}${event.seconds === null ? '' : `  (at ${clock(event.seconds)})`}`,
        showAnswer(event),
      ]
    case 'warning':
      return [`perstream: ${event.message}`]
    case 'finished':
      return ['', summary(event)]
    default:
      return []
  }
}

function recorded(startedAt: string | null): string {
  return startedAt === null ? 'recording time unknown' : `recorded ${startedAt}`
}

function summary({ seconds, framesKept, memoriesStored }: Extract<PerStreamEvent, { type: 'finished' }>): string {
  const found =
    memoriesStored === 0 ? 'nothing new recognised' : `${count(memoriesStored, 'new memory', 'new memories')}`
  return `Watched to ${clock(seconds)}: ${count(framesKept, 'keyframe')}, ${found}.`
}
