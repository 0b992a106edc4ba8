import type { PerStreamEvent } from '../pipeline/events'
import { showAnswer } from './ask'
import type { CommandContext } from './context'
import { bytes, clock, count, oneLine, sourceName, wrap } from './format'
import { reductionLine, whatWent } from './what-went'

/** Prints the events of a run as a person reads them: results on stdout, warnings on stderr. */
export function createEventPrinter(context: CommandContext): (event: PerStreamEvent) => void {
  const refused = new Set<string>()
  return (event) => {
    if (event.type === 'gate-refused' && event.text !== null && refused.size <= mostRefused)
      refused.add(oneLine(event.text))
    if (event.type === 'warning') context.note(`perstream: ${event.message}`)
    for (const line of linesOf(event, context, refused)) context.out(line)
  }
}

/** How much of what was not remembered is told. */
const mostRefused = 12

/** Where the words of a memory begin. */
const wordsColumn = 30

function linesOf(event: PerStreamEvent, context: CommandContext, refused: ReadonlySet<string>): string[] {
  const { columns } = context
  const at = (seconds: number) => clock(seconds).padStart(8)
  switch (event.type) {
    case 'started':
      return [`${sourceName(event.source)}  ${facts(event)}`]
    case 'memory-stored': {
      if (event.outcome !== 'created') return []
      const seen = at(event.evidence[0]?.startSeconds ?? event.seconds)
      return [wrap(`${seen}  ${event.category.padEnd(18)}  ${oneLine(event.text)}`, { columns, indent: wordsColumn })]
    }
    case 'spoke':
      return [wrap(`${at(event.seconds)}  says: ${oneLine(event.text)}`, { columns, indent: 16 })]
    case 'reduced':
      return [wrap(`${at(event.seconds)}  for the budget: ${reductionLine(event.report)}`, { columns, indent: 26 })]
    case 'answered': {
      const asked = event.seconds === null ? '' : `  (at ${clock(event.seconds)})`
      return ['', wrap(`? ${event.question}${asked}`, { columns, indent: 2 }), showAnswer(event, context)]
    }
    case 'finished':
      return ['', ...summary(event, refused).map((line) => wrap(line, { columns, indent: 0 })), '']
    default:
      return []
  }
}

function facts({ width, height, duration, startedAt }: Extract<PerStreamEvent, { type: 'started' }>): string {
  return [
    `${width}x${height}`,
    ...(duration === null ? [] : [clock(duration)]),
    startedAt === null ? 'recording time unknown' : `recorded ${startedAt.slice(0, 19).replace('T', ' ')} UTC`,
  ].join(', ')
}

function summary({ seconds, framesKept, memoriesStored, reduced }: Finished, refused: ReadonlySet<string>): string[] {
  if (framesKept === 0 && memoriesStored === 0) return ['No new frames.', ...budgetLine(reduced)]
  const watched = `Watched to ${clock(seconds)}: ${count(framesKept, 'keyframe')}`
  if (memoriesStored === 0 && refused.size === 0) return [`${watched}. Nothing was recognised.`, ...budgetLine(reduced)]
  const seen = refused.size === 0 ? [] : [`Recognised, and not worth remembering: ${listed(refused)}.`]
  return [`${watched}, ${count(memoriesStored, 'new memory', 'new memories')}.`, ...seen, ...budgetLine(reduced)]
}

function budgetLine(reduced: Finished['reduced']): string[] {
  if (!reduced) return []
  if (reduced.times === 0) return ['For the budget nothing had to go.']
  return [`For the budget: ${whatWent(reduced)}, ${bytes(reduced.freedBytes)} in all.`]
}

function listed(refused: ReadonlySet<string>): string {
  const first = [...refused].slice(0, mostRefused)
  return [...first, ...(refused.size > mostRefused ? ['and more'] : [])].join('; ')
}

type Finished = Extract<PerStreamEvent, { type: 'finished' }>
