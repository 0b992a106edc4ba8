import type { Evidence, MemoryInput, MemoryOrigin, MemoryQuery, SourceProgress, Triplet } from '@perstream/spec'
import type { MemoryChanges } from './graph-writer'

const longestText = 1_000_000
const origins: readonly MemoryOrigin[] = ['read', 'seen', 'said', 'described', 'told']

/** Checks one memory as it is handed in. @throws TypeError that names the field and the value */
export function checkInput(input: MemoryInput, field: string): void {
  checkText(input.text, `${field}.text`)
  if (typeof input.category !== 'string' || input.category === '')
    fail(`${field}.category`, input.category, 'a category key')
  if (!origins.includes(input.origin)) fail(`${field}.origin`, input.origin, `one of ${origins.join(', ')}`)
  if (input.owner === '') fail(`${field}.owner`, '""', 'a name, or leave it out')
  if (input.track === '') fail(`${field}.track`, '""', 'a name, or leave it out')
  if (input.learnedAt !== undefined) checkFinite(input.learnedAt, `${field}.learnedAt`)
  checkClaims(input, field)
  for (const [i, evidence] of (input.evidence ?? []).entries()) checkEvidence(evidence, `${field}.evidence[${i}]`)
}

/** @throws TypeError that names the field and the value */
export function checkChanges(changes: MemoryChanges): void {
  if (changes.text !== undefined) checkText(changes.text, 'changes.text')
  if (changes.category === '') fail('changes.category', '""', 'a category key')
  if (changes.embedding && changes.text === undefined) fail('changes.text', 'absent', 'given together with embedding')
  checkClaims(changes, 'changes')
}

/** @throws TypeError that names the field and the value */
export function checkProgress({ source, seconds }: SourceProgress): void {
  if (typeof source !== 'string' || source === '') fail('progress.source', source, 'the location of the source')
  checkFinite(seconds, 'progress.seconds')
}

/** @throws TypeError that names the field and the value */
export function checkQuery(query: MemoryQuery): void {
  const { text, vector, limit = 5, activation, until } = query
  if (!vector && (typeof text !== 'string' || text.trim() === ''))
    fail('query.text', JSON.stringify(text), 'words that are not blank, or give a vector')
  if (!Number.isInteger(limit) || limit < 1) fail('query.limit', limit, 'a whole number, 1 or more')
  if (activation !== undefined && !(activation >= 0 && activation <= 1)) fail('query.activation', activation, '0 to 1')
  if (until && Number.isNaN(until.seconds)) fail('query.until.seconds', until.seconds, 'a number')
  for (const field of ['asOf', 'validAt'] as const)
    if (query[field] !== undefined && Number.isNaN(query[field])) fail(`query.${field}`, query[field], 'a number')
}

function checkClaims(claims: MemoryInput | MemoryChanges, field: string): void {
  const { confidence, validFrom, validTo } = claims
  if (confidence !== undefined && !(confidence >= 0 && confidence <= 1))
    fail(`${field}.confidence`, confidence, '0 to 1')
  for (const clock of ['validFrom', 'validTo'] as const)
    if (claims[clock] !== undefined) checkFinite(claims[clock], `${field}.${clock}`)
  if (validFrom !== undefined && validTo !== undefined && validTo < validFrom)
    fail(`${field}.validTo`, validTo, `at or after validFrom (${validFrom})`)
  for (const [i, triplet] of (claims.triplets ?? []).entries()) checkTriplet(triplet, `${field}.triplets[${i}]`)
}

/** Checks a vector and gives a copy of length 1. @throws TypeError for NaN, infinite or zero vectors */
export function checkedVector(vector: Float32Array, field: string): Float32Array {
  if (!(vector instanceof Float32Array) || vector.length === 0) fail(field, vector, 'a Float32Array that is not empty')
  let square = 0
  for (const value of vector) square += value * value
  if (!Number.isFinite(square)) fail(field, 'a vector with NaN or infinite elements', 'finite')
  if (square === 0) fail(field, 'the zero vector', 'a direction, or leave it out')
  const length = Math.sqrt(square)
  return Math.abs(length - 1) < 1e-4 ? vector.slice() : vector.map((value) => value / length)
}

/** @throws TypeError unless the words are there and of a sane length */
function checkText(text: unknown, field: string): void {
  if (typeof text !== 'string' || text.trim() === '') fail(field, JSON.stringify(text), 'words that are not blank')
  if (text.length > longestText) fail(field, `${text.length} characters`, `at most ${longestText} characters`)
}

/** @throws TypeError unless the value is a finite number */
function checkFinite(value: unknown, field: string): void {
  if (!Number.isFinite(value)) fail(field, value, 'a finite number')
}

function checkEvidence({ source, startSeconds, endSeconds, frames }: Evidence, field: string): void {
  if (typeof source !== 'string' || source === '') fail(`${field}.source`, source, 'the location of the source')
  checkFinite(startSeconds, `${field}.startSeconds`)
  checkFinite(endSeconds, `${field}.endSeconds`)
  if (endSeconds < startSeconds) fail(`${field}.endSeconds`, endSeconds, `at or after startSeconds (${startSeconds})`)
  if (!Array.isArray(frames) || !frames.every((frame) => Number.isInteger(frame) && frame >= 0))
    fail(`${field}.frames`, JSON.stringify(frames), 'whole frame numbers, 0 or more')
}

function checkTriplet(triplet: Triplet, field: string): void {
  for (const part of ['subject', 'predicate', 'object'] as const)
    if (typeof triplet[part] !== 'string' || triplet[part].trim() === '')
      fail(`${field}.${part}`, JSON.stringify(triplet[part]), 'words that are not blank')
}

function fail(field: string, value: unknown, wanted: string): never {
  throw new TypeError(`${field} is ${value}: it must be ${wanted}`)
}
