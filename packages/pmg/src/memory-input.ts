import type {
  Evidence,
  Memory,
  MemoryInput,
  MemoryOrigin,
  MemoryQuery,
  PatchGrid,
  SourceProgress,
  Triplet,
} from '@perstream/spec'
import type { MemoryChanges } from './graph-writer'

/** UTF-16 code units. */
const longestText = 100_000
const longestName = 4096
const origins: readonly MemoryOrigin[] = ['read', 'seen', 'said', 'described', 'told']

/** Checks one memory as it is handed in. @throws TypeError that names the field and the value */
export function checkInput(input: MemoryInput, field: string): void {
  checkText(input.text, `${field}.text`)
  checkName(input.category, `${field}.category`, 'a category key')
  if (!origins.includes(input.origin)) fail(`${field}.origin`, input.origin, `one of ${origins.join(', ')}`)
  if (input.owner !== undefined) checkName(input.owner, `${field}.owner`, 'a name, or leave it out')
  if (input.track !== undefined) checkName(input.track, `${field}.track`, 'a name, or leave it out')
  if (input.space !== undefined) checkName(input.space, `${field}.space`, 'the id of a space')
  if (input.learnedAt !== undefined) checkFinite(input.learnedAt, `${field}.learnedAt`)
  checkClaims(input, field)
  for (const [i, evidence] of (input.evidence ?? []).entries()) checkEvidence(evidence, `${field}.evidence[${i}]`)
  for (const grid of ['meanGrid', 'nearestGrid'] as const) if (input[grid]) checkGrid(input[grid], `${field}.${grid}`)
}

/** @throws TypeError that names the field and the value */
export function checkChanges(changes: MemoryChanges, field: string): void {
  if (changes.text !== undefined) checkText(changes.text, `${field}.text`)
  if (changes.category !== undefined) checkName(changes.category, `${field}.category`, 'a category key')
  if (changes.embedding && changes.text === undefined) fail(`${field}.text`, 'absent', 'given together with embedding')
  checkClaims(changes, field)
}

/** Checks the times of a memory as it would be. @throws TypeError that names the field and the value */
export function checkOrder(
  { validFrom, validTo }: Partial<Pick<Memory, 'validFrom' | 'validTo'>>,
  field: string,
): void {
  if (validFrom !== undefined && validTo !== undefined && validTo < validFrom)
    fail(`${field}.validTo`, validTo, `at or after validFrom (${validFrom})`)
}

/** Checks a grid. @throws TypeError that names the field and the value */
function checkGrid({ data, rows, columns, dimensions, space }: PatchGrid, field: string): void {
  if (!(data instanceof Float32Array)) fail(`${field}.data`, data, 'a Float32Array')
  for (const [name, size] of Object.entries({ rows, columns, dimensions }))
    if (!Number.isInteger(size) || size < 1) fail(`${field}.${name}`, size, 'a whole number, 1 or more')
  if (data.length !== rows * columns * dimensions)
    fail(`${field}.data`, `of ${data.length} elements`, `of ${rows} x ${columns} x ${dimensions}`)
  if (!data.every(Number.isFinite)) fail(`${field}.data`, 'a grid with NaN or infinite elements', 'finite')
  checkName(space, `${field}.space`, 'the id of a space')
}

/** @throws TypeError that names the field and the value */
export function checkProgress({ source, seconds }: SourceProgress): void {
  checkName(source, 'progress.source', 'the location of the source')
  checkFinite(seconds, 'progress.seconds')
}

/** @throws TypeError that names the field and the value */
export function checkQuery(query: MemoryQuery): void {
  const { text, vector, limit, maxBytes, activation, superseded, touch, timeZone } = query
  if (!vector && (typeof text !== 'string' || text.trim() === ''))
    fail('query.text', JSON.stringify(text), 'words that are not blank, or give a vector')
  if (text !== undefined) checkLength(text, 'query.text')
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1))
    fail('query.limit', limit, 'a whole number, 1 or more')
  if (maxBytes !== undefined && !(isNumber(maxBytes) && maxBytes >= 0))
    fail('query.maxBytes', maxBytes, 'a number of bytes, 0 or more')
  if (activation !== undefined && !(isNumber(activation) && activation >= 0 && activation <= 1))
    fail('query.activation', activation, '0 to 1')
  if (superseded !== undefined && superseded !== 'include' && superseded !== 'exclude')
    fail('query.superseded', JSON.stringify(superseded), `'include' or 'exclude'`)
  if (touch !== undefined && typeof touch !== 'boolean') fail('query.touch', JSON.stringify(touch), 'true or false')
  if (timeZone !== undefined) checkName(timeZone, 'query.timeZone', 'an IANA name such as "Europe/Berlin"')
  for (const field of ['owner', 'source', 'space'] as const)
    if (query[field] !== undefined) checkName(query[field], `query.${field}`, 'a name, or leave it out')
  checkLists(query)
  checkTimes(query)
}

/** A list that must have something of all, or of one, of its names cannot be empty: whether that lets all through or none is a guess. */
function checkLists(query: MemoryQuery): void {
  for (const field of ['categories', 'participants', 'exclude'] as const) {
    const names: unknown = query[field]
    if (names === undefined) continue
    if (!Array.isArray(names)) fail(`query.${field}`, JSON.stringify(names), 'a list of names')
    if (names.length === 0 && field !== 'exclude')
      fail(`query.${field}`, 'an empty list', 'a list of one name or more: leave it out to allow all')
    for (const [i, name] of names.entries()) checkName(name, `query.${field}[${i}]`, 'a name')
  }
}

function checkTimes({ until, during, now, asOf, validAt }: MemoryQuery): void {
  if (now !== undefined) checkFinite(now, 'query.now')
  for (const [field, time] of Object.entries({ asOf, validAt }))
    if (time !== undefined && !isNumber(time)) fail(`query.${field}`, time, 'a number, in milliseconds since 1970 UTC')
  if (until) {
    checkName(until.source, 'query.until.source', 'the location of the source')
    if (!isNumber(until.seconds)) fail('query.until.seconds', until.seconds, 'a number')
  }
  if (!during) return
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = during
  for (const [field, time] of Object.entries({ from, to }))
    if (!isNumber(time)) fail(`query.during.${field}`, time, 'a number, in milliseconds since 1970 UTC')
  if (from >= to) fail('query.during.to', to, `after from (${from}), as it is not in the range itself`)
}

/** Whether it is a number, without end too. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value)
}

function checkClaims(claims: Omit<MemoryChanges, 'embedding'>, field: string): void {
  const { confidence } = claims
  if (confidence !== undefined && !(confidence >= 0 && confidence <= 1))
    fail(`${field}.confidence`, confidence, '0 to 1')
  for (const clock of ['validFrom', 'validTo'] as const)
    if (claims[clock] !== undefined) checkFinite(claims[clock], `${field}.${clock}`)
  checkOrder(claims, field)
  for (const [i, triplet] of (claims.triplets ?? []).entries()) checkTriplet(triplet, `${field}.triplets[${i}]`)
}

/** Checks a vector and gives a copy of length 1. @throws TypeError for NaN, infinite or zero vectors */
export function checkedVector(vector: Float32Array, field: string, tolerance = 1e-4): Float32Array {
  if (!(vector instanceof Float32Array) || vector.length === 0) fail(field, vector, 'a Float32Array that is not empty')
  let square = 0
  for (const value of vector) square += value * value
  if (!Number.isFinite(square)) fail(field, 'a vector with NaN or infinite elements', 'finite')
  if (square === 0) fail(field, 'the zero vector', 'a direction, or leave it out')
  const length = Math.sqrt(square)
  return Math.abs(length - 1) < tolerance ? vector.slice() : vector.map((value) => value / length)
}

/** @throws TypeError unless the words are there and of a sane length */
function checkText(text: unknown, field: string): void {
  if (typeof text !== 'string' || text.trim() === '') fail(field, JSON.stringify(text), 'words that are not blank')
  checkLength(text, field)
}

/** @throws TypeError unless it is text of a sane length, and whole */
function checkLength(text: unknown, field: string): void {
  if (typeof text !== 'string') fail(field, JSON.stringify(text), 'text')
  if (text.length > longestText) fail(field, `${text.length} characters`, `at most ${longestText} characters`)
  checkWhole(text, field)
}

/** @throws TypeError unless the name is there, of a sane length and whole */
function checkName(name: unknown, field: string, wanted: string): void {
  if (typeof name !== 'string' || name === '') fail(field, JSON.stringify(name), wanted)
  if (name.length > longestName) fail(field, `${name.length} characters`, `at most ${longestName} characters`)
  checkWhole(name, field)
}

/** @throws TypeError for half a character: it cannot be written as UTF-8 */
function checkWhole(text: string, field: string): void {
  const half = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text)
  if (half) fail(field, `text with a lone surrogate at ${half.index}`, 'well-formed Unicode: use toWellFormed()')
}

/** @throws TypeError unless the value is a finite number */
function checkFinite(value: unknown, field: string): void {
  if (!Number.isFinite(value)) fail(field, value, 'a finite number')
}

function checkEvidence({ source, startSeconds, endSeconds, frames }: Evidence, field: string): void {
  checkName(source, `${field}.source`, 'the location of the source')
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
    else checkName(triplet[part], `${field}.${part}`, 'words')
}

function fail(field: string, value: unknown, wanted: string): never {
  throw new TypeError(`${field} is ${value}: it must be ${wanted}`)
}
