import { type CallOptions, type Memory, PerStreamError } from '@perstream/spec'
import { adoptSpace } from './embedding-space'
import { type ExportedGrid, type ExportLine, parseLine } from './export'
import type { GraphJournal } from './graph-journal'
import type { GraphState } from './graph-state'
import type { GraphWriter } from './graph-writer'
import type { GridKeeper } from './grids'
import type { ImportResult } from './memory-graph'

const linesPerBatch = 256

/** How lines are taken in. */
interface ImportOptions extends CallOptions {
  /** @throws PerStreamError `category-unknown` */
  readonly checkCategory: (category: string) => void
  /** Where grids are kept; undefined where the graph has none. */
  readonly grids: GridKeeper | undefined
}

/** Stores what `export` wrote, in batches of 256 lines. Grids are kept before the memories that name them; those that none does are freed. */
export async function importLines(
  journal: GraphJournal,
  lines: AsyncIterable<string> | Iterable<string>,
  options: ImportOptions,
): Promise<ImportResult> {
  const kept = new Set<string>()
  try {
    return await importAll(journal, lines, options, kept)
  } finally {
    await options.grids?.free(kept, journal.state)
  }
}

async function importAll(
  journal: GraphJournal,
  lines: AsyncIterable<string> | Iterable<string>,
  options: ImportOptions,
  kept: Set<string>,
): Promise<ImportResult> {
  const { checkCategory, signal } = options
  let number = 0
  let imported = 0
  let skipped = 0
  let batch: ExportLine[] = []
  const store = async () => {
    const stored = await journal.write(undefined, signal, (writer) => storeBatch(journal.state, writer, batch))
    imported += stored
    skipped += batch.filter((line) => line.type === 'memory').length - stored
    batch = []
  }
  for await (const line of lines) {
    number++
    if (line.trim() === '' && number > 1) continue
    const parsed = parseLine(line, number)
    if (parsed.type === 'grid') {
      kept.add(parsed.id)
      await keepGrid(journal.state, parsed, number, options)
      continue
    }
    if (parsed.type === 'memory') checkCategory(parsed.memory.category)
    batch.push(parsed)
    if (batch.length === linesPerBatch) await store()
  }
  await store()
  await journal.write(undefined, signal, (writer) => writer.prune())
  return { imported, skipped }
}

async function keepGrid(
  state: GraphState,
  { id, grid, precision }: ExportedGrid,
  number: number,
  { grids, signal }: ImportOptions,
): Promise<void> {
  if (!grids)
    throw new PerStreamError(
      'input-invalid',
      `line ${number} of the import is a grid, and this graph keeps none: open it with tensors, or export without grids`,
      { fields: { line: number } },
    )
  if (!state.grids.has(id)) await grids.restore(id, grid, { precision, signal })
}

/** Returns how many memories were news. */
function storeBatch(state: GraphState, writer: GraphWriter, lines: readonly ExportLine[]): number {
  let stored = 0
  for (const line of lines) {
    if (line.type === 'header' && line.space !== undefined) adoptSpace(state, writer, line.space, line.dimensions)
    else if (line.type === 'entity') writer.importEntity(line.entity)
    else if (line.type === 'relation') writer.importRelation(line.relation)
    else if (line.type === 'progress') writer.progress(line.progress)
    else if (line.type === 'memory' && isNews(state, line.memory)) {
      writer.import(line.memory, line)
      stored++
    }
  }
  return stored
}

function isNews(state: GraphState, memory: Memory): boolean {
  const known = state.entries.get(memory.id)
  return !known || known.memory.updatedAt < memory.updatedAt
}
