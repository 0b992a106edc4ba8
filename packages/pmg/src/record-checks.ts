import type {
  EntityMerge,
  EntityRecord,
  GridReference,
  Memory,
  MemoryVersion,
  MemoryVisits,
  RelationRecord,
  SourceProgress,
} from '@perstream/spec'
import { checkInput, checkProgress } from './memory-input'

type Found = Readonly<Record<string, unknown>>
type Check = (value: unknown, field: string) => void

/** Checks that a line holds nothing but its type and what is named. @throws TypeError */
export function checkLine(line: Found, names: readonly string[]): void {
  known(line, ['type', ...names], 'the line')
}

/** Checks a memory as it was stored. @throws TypeError that names the field and the value */
export function checkMemory(value: unknown): Memory {
  const memory = shaped(value, memoryFields, 'memory') as unknown as Memory
  if (memory.forgottenAt !== undefined && memory.text !== '')
    fail('memory.text', memory.text, 'empty, as its words were forgotten')
  // What was forgotten has no words to be checked.
  const words = memory.forgottenAt === undefined ? memory.text : 'forgotten'
  checkInput({ ...memory, text: words, meanGrid: undefined, nearestGrid: undefined }, 'memory')
  return memory
}

/** @throws TypeError that names the field and the value */
export function checkEntity(value: unknown): EntityRecord {
  return shaped(value, entityFields, 'entity') as unknown as EntityRecord
}

/** @throws TypeError that names the field and the value */
export function checkRelation(value: unknown): RelationRecord {
  return shaped(value, relationFields, 'relation') as unknown as RelationRecord
}

/** @throws TypeError that names the field and the value */
export function checkProgressRecord(value: unknown): SourceProgress {
  const progress = shaped(value, { source: text, seconds: number }, 'progress') as unknown as SourceProgress
  checkProgress(progress)
  return progress
}

/** @throws TypeError that names the field and the value */
export function checkVersions(value: unknown): readonly MemoryVersion[] {
  listOf((each, field) => shaped(each, versionFields, field))(value, 'versions')
  return value as readonly MemoryVersion[]
}

/** @throws TypeError that names the field and the value */
export function checkVisits(value: unknown): MemoryVisits {
  return shaped(value, { visits: count, lastVisitedAt: number }, 'visits') as unknown as MemoryVisits
}

/** Checks what names a grid, the type of the line aside. @throws TypeError that names the field and the value */
export function checkGridReference(value: Found): GridReference {
  const { type: _, ...reference } = value
  grid(reference, 'grid')
  return reference as unknown as GridReference
}

const grid: Check = (value, field) => {
  const { rows, columns, dimensions } = shaped(value, gridFields, field) as unknown as GridReference
  for (const [side, size] of Object.entries({ rows, columns, dimensions }))
    if (size < 1) fail(`${field}.${side}`, size, 'a whole number, 1 or more')
}

const precision = oneOf('f16', 'i8', 'b1')

const memoryFields: Readonly<Record<keyof Memory, Check>> = {
  id: text,
  text: anyText,
  category: text,
  origin: text,
  owner: text,
  confidence: number,
  evidence: listOf(object),
  triplets: listOf(object),
  space: optional(text),
  validFrom: optional(number),
  validTo: optional(number),
  learnedAt: number,
  updatedAt: number,
  track: optional(text),
  supersededBy: optional(text),
  supersededAt: optional(number),
  conflicts: optional(listOf(text)),
  meanGrid: optional(grid),
  nearestGrid: optional(grid),
  embeddingPrecision: optional(precision),
  forgottenAt: optional(number),
}

const entityFields: Readonly<Record<keyof EntityRecord, Check>> = {
  id: text,
  label: text,
  aliases: listOf(text),
  owner: text,
  kind: oneOf('owner', 'thing'),
  createdAt: number,
  merges: optional(listOf((value, field) => shaped(value, mergeFields, field))),
  apart: optional(listOf(text)),
}

const mergeFields: Readonly<Record<keyof EntityMerge, Check>> = {
  label: text,
  with: text,
  reason: oneOf('introduced', 'first-name', 'by-hand'),
  memories: listOf(text),
  at: number,
}

const relationFields: Readonly<Record<keyof RelationRecord, Check>> = {
  id: text,
  subject: text,
  predicate: text,
  object: text,
  createdAt: number,
}

const versionFields: Readonly<Record<keyof MemoryVersion, Check>> = {
  text,
  category: text,
  confidence: number,
  validFrom: optional(number),
  validTo: optional(number),
  since: number,
  until: number,
  change: oneOf('updated', 'revised', 'superseded'),
}

const gridFields: Readonly<Record<keyof GridReference, Check>> = {
  id: anyText,
  rows: count,
  columns: count,
  dimensions: count,
  space: text,
  precision: optional(precision),
}

/** Checks each field, and that there is no other: what is not known cannot be kept. */
function shaped(value: unknown, fields: Readonly<Record<string, Check>>, field: string): Found {
  object(value, field)
  const found = value as Found
  known(found, Object.keys(fields), field)
  for (const [name, check] of Object.entries(fields)) check(found[name], `${field}.${name}`)
  return found
}

function known(found: Found, names: readonly string[], field: string): void {
  for (const name of Object.keys(found))
    if (!names.includes(name))
      throw new TypeError(
        `${field} has a field ${JSON.stringify(name)} that this release does not know: use a newer release`,
      )
}

function object(value: unknown, field: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(field, value, 'an object')
}

function text(value: unknown, field: string): void {
  if (typeof value !== 'string' || value === '') fail(field, value, 'a text that is not empty')
}

function anyText(value: unknown, field: string): void {
  if (typeof value !== 'string') fail(field, value, 'a text')
}

function number(value: unknown, field: string): void {
  if (!Number.isFinite(value)) fail(field, value, 'a number')
}

function count(value: unknown, field: string): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) fail(field, value, 'a whole number, 0 or more')
}

function optional(check: Check): Check {
  return (value, field) => {
    if (value !== undefined) check(value, field)
  }
}

function listOf(check: Check): Check {
  return (value, field) => {
    if (!Array.isArray(value)) fail(field, value, 'a list')
    for (const [i, each] of value.entries()) check(each, `${field}[${i}]`)
  }
}

function oneOf(...names: readonly string[]): Check {
  return (value, field) => {
    if (typeof value !== 'string' || !names.includes(value)) fail(field, value, `one of ${names.join(', ')}`)
  }
}

function fail(field: string, value: unknown, wanted: string): never {
  throw new TypeError(`${field} is ${JSON.stringify(value)}: it must be ${wanted}`)
}
