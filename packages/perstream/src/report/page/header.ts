import type { ReportData } from '../report-data'
import { element } from './dom'
import { capital, count, duration } from './format'

/** Creates the head of the page: what was watched, and what came of it, in words. */
export function createHeader(data: ReportData): HTMLElement {
  const { source, keyframes, memories } = data
  const facts: [string, string][] = [
    ['Source', fileName(source.location)],
    ['Picture', source.width > 0 ? `${source.width} × ${source.height}` : 'unknown'],
    ['Recorded', recordedAt(source.startedAt)],
    ['Stored in', data.store ?? 'not stored'],
  ]
  const figures: [string, string][] = [
    [duration(data.speed.sourceSeconds), 'watched'],
    [realTimeFactor(data), 'of real time'],
    [keyframes.length.toLocaleString('en-GB'), keyframes.length === 1 ? 'keyframe' : 'keyframes'],
    [memories.length.toLocaleString('en-GB'), memories.length === 1 ? 'memory' : 'memories'],
  ]
  return element(
    'div',
    { class: 'intro', attributes: { id: 'top' } },
    element('h1', {}, data.title),
    element('p', { class: 'summary' }, summarise(data)),
    element('dl', { class: 'figures' }, ...figures.map(([value, label]) => pair(label, value))),
    element('dl', { class: 'facts' }, ...facts.map(([label, value]) => pair(label, value))),
  )
}

/** Says what happened in the run in two or three sentences. */
function summarise(data: ReportData): string {
  const { speed, keyframes, memories, answers, speech } = data
  const sentences = [
    `PerStream watched ${duration(speed.sourceSeconds)} of video in ${duration(speed.wallSeconds)} and kept ${keyframes.length === 0 ? 'no keyframe' : count(keyframes.length, 'keyframe')}.`,
  ]
  const categories = new Set(memories.map(({ category }) => category)).size
  sentences.push(
    memories.length > 0
      ? `It stored ${count(memories.length, 'memory', 'memories')} in ${count(categories, 'category', 'categories')}.`
      : `${nothingStored(data)} Nothing was stored.`,
  )
  const answered = answers.filter(({ answerable }) => answerable).length
  if (answers.length > 0)
    sentences.push(`It answered ${answered} of ${count(answers.length, 'question')} from what it saw.`)
  const spoken = speech.filter(({ kind }) => kind === 'spoke').length
  if (spoken > 0) sentences.push(`It spoke up ${spoken === 1 ? 'once' : `${spoken} times`} by itself.`)
  return sentences.join(' ')
}

/** Says why a run stored nothing: nothing was recognised, or nothing of it was worth remembering. */
export function nothingStored({ gate }: ReportData): string {
  if (gate.length === 0) return 'Nothing was recognised.'
  return `${capital(count(gate.length, 'thing'))} ${gate.length === 1 ? 'was' : 'were'} recognised, but none was worth remembering.`
}

function pair(label: string, value: string): HTMLElement {
  return element('div', {}, element('dt', {}, label), element('dd', { attributes: { title: value } }, value))
}

function realTimeFactor({ speed }: ReportData): string {
  if (!(speed.wallSeconds > 0)) return '–'
  return `${(speed.sourceSeconds / speed.wallSeconds).toFixed(1)}×`
}

function fileName(location: string): string {
  return location.split(/[\\/]/).filter(Boolean).at(-1) ?? location
}

function recordedAt(startedAt: string | undefined): string {
  if (!startedAt) return 'time unknown'
  const date = new Date(startedAt)
  if (Number.isNaN(date.getTime())) return capital(startedAt)
  return `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(date)} UTC`
}
