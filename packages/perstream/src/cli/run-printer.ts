import type { PerStreamEvent } from '../pipeline/events'
import { showAnswer } from './ask'
import type { CommandContext } from './context'
import { clock, count, oneLine } from './format'

/** Prints the events of a run as a person reads them: results on stdout, warnings on stderr. */
export function createEventPrinter({ out, note }: CommandContext): (event: PerStreamEvent) => void {
  const refused = new Set<string>()
  return (event) => {
    if (event.type === 'gate-refused' && event.text !== null) refused.add(oneLine(event.text))
    if (event.type === 'warning') note(`perstream: ${event.message}`)
    for (const line of linesOf(event, refused)) out(line)
  }
}

function linesOf(event: PerStreamEvent, refused: ReadonlySet<string>): string[] {
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
    case 'finished':
      return ['', ...summary(event, refused)]
    default:
      return []
  }
}

function recorded(startedAt: string | null): string {
  return startedAt === null ? 'recording time unknown' : `recorded ${startedAt}`
}

function summary({ seconds, framesKept, memoriesStored }: Finished, refused: ReadonlySet<string>): string[] {
  if (framesKept === 0) return ['No new frames.']
  const watched = `Watched to ${clock(seconds)}: ${count(framesKept, 'keyframe')}`
  if (memoriesStored === 0 && refused.size === 0) return [`${watched}. Nothing was recognised.`]
  const seen = refused.size === 0 ? [] : [`Recognised, and not worth remembering: ${[...refused].join('; ')}.`]
  return [`${watched}, ${count(memoriesStored, 'new memory', 'new memories')}.`, ...seen]
}

type Finished = Extract<PerStreamEvent, { type: 'finished' }>
