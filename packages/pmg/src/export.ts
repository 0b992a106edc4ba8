import {
  type EntityRecord,
  type Memory,
  PerStreamError,
  type RelationRecord,
  type SourceProgress,
} from '@perstream/spec'
import type { GraphState } from './graph-state'
import { checkedVector, checkInput } from './memory-input'

const format = 'perstream-memory'
const version = 1

/** One line of an export, read. */
export type ExportLine =
  | { readonly type: 'header'; readonly space: string; readonly dimensions: number }
  | { readonly type: 'header'; readonly space: undefined; readonly dimensions: undefined }
  | { readonly type: 'entity'; readonly entity: EntityRecord }
  | { readonly type: 'relation'; readonly relation: RelationRecord }
  | { readonly type: 'progress'; readonly progress: SourceProgress }
  | { readonly type: 'memory'; readonly memory: Memory; readonly embedding: Float32Array | undefined }

/** Writes a graph as lines of JSON without line ends: a header, then entities, relations, progress and memories. */
export function* exportLines(state: GraphState, at: number): Generator<string, void, void> {
  yield JSON.stringify({
    type: 'header',
    format,
    version,
    at,
    space: state.space,
    dimensions: state.vectors?.dimensions,
  })
  const entities = Array.from(state.entities.values(), ({ record }) => record)
  const relations = Array.from(state.relations.values(), ({ record }) => record)
  const progresses = [...state.progress.values()]
  const entries = [...state.entries.values()]
  for (const entity of entities) yield JSON.stringify({ type: 'entity', entity })
  for (const relation of relations) yield JSON.stringify({ type: 'relation', relation })
  for (const progress of progresses) yield JSON.stringify({ type: 'progress', progress })
  for (const { memory: listed } of entries) {
    const memory = state.entries.get(listed.id)?.memory
    const vector = state.embedding(listed.id)
    if (memory) yield JSON.stringify({ type: 'memory', memory, embedding: vector && toBase64(vector) })
  }
}

/**
 * Reads a line of an export.
 * @throws PerStreamError `input-invalid` with the line's number; `store-version` for a newer format
 */
export function parseLine(line: string, number: number): ExportLine {
  try {
    const value = JSON.parse(line)
    if ((value.type === 'header') !== (number === 1))
      throw new TypeError('the first line, and only it, must be the header')
    if (value.type === 'header') return readHeader(value)
    if (value.type === 'memory') return readMemory(value)
    if (value.type === 'entity' || value.type === 'relation' || value.type === 'progress') return value
    throw new TypeError(`type is ${JSON.stringify(value.type)}: it must be entity, relation, progress or memory`)
  } catch (cause) {
    if (PerStreamError.isInstance(cause)) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PerStreamError('input-invalid', `line ${number} of the import cannot be read: ${reason}`, {
      fields: { line: number },
      cause,
    })
  }
}

function readHeader(value: { format?: unknown; version?: unknown; space?: string; dimensions?: number }): ExportLine {
  if (value.format !== format) throw new TypeError(`format is ${JSON.stringify(value.format)}: it must be "${format}"`)
  if (typeof value.version !== 'number' || value.version > version)
    throw new PerStreamError(
      'store-version',
      `the import has version ${value.version}, this release reads ${version}: use a newer release`,
      { fields: { version: value.version } },
    )
  const { space, dimensions } = value
  if (space === undefined || dimensions === undefined)
    return { type: 'header', space: undefined, dimensions: undefined }
  return { type: 'header', space, dimensions }
}

function readMemory({ memory, embedding }: { memory: Memory; embedding?: string }): ExportLine {
  if (typeof memory?.id !== 'string' || typeof memory.owner !== 'string')
    throw new TypeError('memory.id or owner is missing')
  if (!Number.isFinite(memory.learnedAt) || !Number.isFinite(memory.updatedAt))
    throw new TypeError('memory.learnedAt or updatedAt is missing')
  checkInput({ ...memory, meanGrid: undefined, nearestGrid: undefined }, 'memory')
  if ((memory.space === undefined) !== (embedding === undefined))
    throw new TypeError('memory.space and embedding must come together')
  const vector = embedding === undefined ? undefined : checkedVector(fromBase64(embedding), 'embedding')
  return { type: 'memory', memory, embedding: vector }
}

function toBase64(vector: Float32Array): string {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  for (const [i, value] of vector.entries()) view.setFloat32(i * 4, value, true)
  let binary = ''
  for (const byte of new Uint8Array(view.buffer)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

function fromBase64(text: string): Float32Array {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  if (bytes.length % 4 !== 0) throw new TypeError(`embedding has ${bytes.length} bytes: it must be whole 32-bit floats`)
  const view = new DataView(bytes.buffer)
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true))
}
