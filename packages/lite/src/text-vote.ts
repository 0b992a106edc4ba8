import type { TextLine } from '@perstream/spec'
import { align, innerRange } from './text-alignment'

/** Words with a confidence each: one reading of a line, or what many readings settle to. */
export type Reading = TextLine['words']

/** An end that a reading lacks by at least this many characters was cut off, not misread: it abstains there. */
const CUT = 3
/**
 * Characters that fewer voters than this saw, as a share of the usual number, were noise beside the line; those seen with less
 * confidence than this, as a share of the greatest number.
 */
const QUORUM = 0.25
const DOUBTFUL = 0.85
/** How often a vote for a blank counts: readers overlook blanks far more often than they make them up. */
const BLANK = 2

/**
 * Settles the readings of one line: they are aligned, character by character, and each place is decided by the sum of
 * confidences (Fiscus 1997, "ROVER", on characters). The confidence of a word is its characters' share of the votes times
 * how sure their voters were.
 */
export function settle(readings: readonly Reading[]): Reading {
  if (readings.length < 2) return readings[0] ?? []
  const [first, ...others] = byAgreement(toBallots(readings))
  let places: Place[] = [...first!.text].map((character, i) => new Map([[character, first!.votes[i]!]]))
  for (const ballot of others) places = cast(places, ballot)
  return toReading(places)
}

/** Votes for one character on one place: their weight, and the sum and number of the confidences. */
interface Votes {
  readonly weight: number
  readonly sum: number
  readonly count: number
}

/** All readings with the same characters. */
interface Ballot {
  readonly text: string
  /** One a character. */
  readonly votes: readonly Votes[]
}

function toBallots(readings: readonly Reading[]): Ballot[] {
  const ballots = new Map<string, Ballot>()
  for (const reading of readings) {
    const text = reading.map((word) => word.text).join(' ')
    const known = ballots.get(text)?.votes
    const votes = confidencesOf(reading).map((confidence, i) => add(known?.[i], toVotes(confidence)))
    ballots.set(text, { text, votes })
  }
  return [...ballots.values()]
}

/** One a character; the blank before a word is as sure as the less sure of its words. */
function confidencesOf(reading: Reading): number[] {
  return reading.flatMap((word, i) => {
    const own = Array.from({ length: word.text.length }, () => word.confidence)
    return i === 0 ? own : [Math.min(word.confidence, reading[i - 1]!.confidence), ...own]
  })
}

/** Sure readings count far more than doubtful ones: a wrong character is rarely a sure one. */
function toVotes(confidence: number): Votes {
  return { weight: confidence ** 4, sum: confidence, count: 1 }
}

function add(a: Votes | undefined, b: Votes): Votes {
  return a ? { weight: a.weight + b.weight, sum: a.sum + b.sum, count: a.count + b.count } : b
}

/** First the ballot whose characters the others confirm most; the rest as they come. */
function byAgreement(ballots: readonly Ballot[]): Ballot[] {
  const support = ballots.map((candidate) => {
    let sum = 0
    for (const other of ballots)
      for (const [i, j] of inner(candidate.text, other.text))
        if (i >= 0) sum += candidate.text[i] === other.text[j] ? other.votes[j]!.weight : -meanWeight(other) / 2
    return sum
  })
  const best = support.indexOf(Math.max(...support))
  return [ballots[best]!, ...ballots.filter((_, i) => i !== best)]
}

/** The alignment of two texts without long ends that one of them lacks. */
function inner(a: string, b: string): (readonly [number, number])[] {
  const pairs = align(a, b)
  const [from, to] = extent(pairs, a.length > b.length)
  return pairs.slice(from, to)
}

function extent(pairs: ReturnType<typeof align>, longerFirst: boolean): readonly [number, number] {
  const [from, to] = innerRange(pairs, longerFirst)
  return [from < CUT ? 0 : from, pairs.length - to < CUT ? pairs.length : to]
}

function meanWeight({ votes }: Ballot): number {
  return votes.reduce((sum, { weight }) => sum + weight, 0) / Math.max(1, votes.length)
}

/** The votes on one place of the line; '' is the vote for nothing there. */
type Place = ReadonlyMap<string, Votes>

function vote(place: Place, character: string, votes: Votes): Place {
  return new Map([...place, [character, add(place.get(character), votes)]])
}

/** The character that leads, nothing aside: what later ballots are aligned to. */
function leader(place: Place): string {
  let best = ''
  for (const [character, { weight }] of place)
    if (character !== '' && (best === '' || weight > place.get(best)!.weight)) best = character
  return best
}

function turnout(place: Place): number {
  let sum = 0
  for (const { weight } of place.values()) sum += weight
  return sum
}

/** Adds one ballot; characters the line did not have yet make new places, on which those before voted for nothing. */
function cast(places: readonly Place[], ballot: Ballot): Place[] {
  const text = places.map(leader).join('')
  const pairs = align(text, ballot.text)
  const [from, to] = extent(pairs, text.length > ballot.text.length)
  let reached = 0
  let beside: Place = new Map()
  return pairs.map(([i, j], at) => {
    if (j >= 0) reached = j
    const votes = ballot.votes[reached]!
    if (i >= 0) {
      beside = places[i]!
      if (j >= 0) return vote(beside, ballot.text[j]!, votes)
      return at < from || at >= to ? beside : vote(beside, '', votes)
    }
    const absent = { weight: turnout(beside), sum: 0, count: 0 }
    const place: Place = at < from || at >= to ? new Map() : new Map([['', absent]])
    return vote(place, ballot.text[j]!, votes)
  })
}

function toReading(places: readonly Place[]): Reading {
  const turnouts = places.map(turnout)
  const usual = [...turnouts].sort((a, b) => a - b)[turnouts.length >> 1] ?? 0
  const most = Math.max(0, ...turnouts)
  const words: { text: string; confidence: number; length: number }[] = [{ text: '', confidence: 0, length: 0 }]
  for (const [i, place] of places.entries()) {
    const character = leader(place)
    const { weight, sum, count } = place.get(character)!
    const backing = character === ' ' ? weight * BLANK : weight
    const quorum = QUORUM * (sum < DOUBTFUL * count ? most : usual)
    if (backing <= (place.get('')?.weight ?? 0) || turnouts[i]! < quorum) continue
    const word = words.at(-1)!
    if (character === ' ') words.push({ text: '', confidence: 0, length: 0 })
    else {
      word.text += character
      word.length++
      word.confidence += (weight / turnouts[i]!) * (sum / count)
    }
  }
  const filled = words.filter(({ length }) => length > 0)
  return filled.map(({ text, confidence, length }) => ({ text, confidence: confidence / length }))
}
