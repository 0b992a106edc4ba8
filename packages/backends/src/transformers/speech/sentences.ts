import type { Utterance } from '@perstream/spec'
import type { Transcribed } from './transcribed'

type TimedText = Transcribed['parts'][number]
/** Words with the time they were said in. */
export type Sentence = Pick<Utterance, 'text' | 'startSeconds' | 'endSeconds'>

/** Parts that lie so close, in seconds, may be one sentence. */
const near = 1
const sentenceEnd = /(?<=[.!?…]["')\]]*)\s+|(?<=[。！？])/u
const abbreviation = /(^|\s)(mr|mrs|ms|dr|prof|st|no|vs|etc|e\.g|i\.e|approx|a\.m|p\.m)\.$/i

/**
 * Puts what was written into sentences: parts of one sentence are joined, parts of several are split, and a time within a part
 * is found by the letters before it.
 */
export function sentencesOf(parts: readonly TimedText[]): Sentence[] {
  return joined(parts).flatMap((run) => splitRun(run))
}

/** Groups parts that go on where the one before ended, before its sentence did. */
function joined(parts: readonly TimedText[]): TimedText[][] {
  const runs: TimedText[][] = []
  for (const part of parts) {
    const last = runs.at(-1)?.at(-1)
    if (last && !/[.!?…。！？]["')\]]*$/u.test(last.text) && part.from - last.to < near) runs.at(-1)!.push(part)
    else runs.push([part])
  }
  return runs
}

function splitRun(run: readonly TimedText[]): Sentence[] {
  const text = run.map((part) => part.text).join(' ')
  const sentences: Sentence[] = []
  let at = 0
  for (const words of splitSentences(text)) {
    const from = text.indexOf(words, at)
    at = from + words.length
    sentences.push({ text: words, startSeconds: timeAt(run, from, 'start'), endSeconds: timeAt(run, at, 'end') })
  }
  return sentences
}

function splitSentences(text: string): string[] {
  const sentences: string[] = []
  for (const piece of text.split(sentenceEnd)) {
    const last = sentences.at(-1)
    if (last !== undefined && abbreviation.test(last)) sentences[sentences.length - 1] = `${last} ${piece}`
    else if (piece.trim() !== '') sentences.push(piece.trim())
  }
  return sentences
}

/** The time of a place between letters; where a part ends and the next begins, which of both is told by the side. */
function timeAt(run: readonly TimedText[], place: number, side: 'start' | 'end'): number {
  let begin = 0
  for (const { text, from, to } of run) {
    const end = begin + text.length
    if (place < end || (place === end && side === 'end'))
      return from + ((to - from) * Math.max(0, place - begin)) / text.length
    begin = end + 1
  }
  return run.at(-1)!.to
}
