import type { CallOptions, Memory } from '@perstream/spec'
import { adoptSpace } from './embedding-space'
import { type ExportLine, parseLine } from './export'
import type { GraphJournal } from './graph-journal'
import type { GraphState } from './graph-state'
import type { GraphWriter } from './graph-writer'
import type { ImportResult } from './memory-graph'

const linesPerBatch = 256

/** How lines are taken in. */
interface ImportOptions extends CallOptions {
  /** @throws PerStreamError `category-unknown` */
  readonly checkCategory: (category: string) => void
}

/** Stores what `export` wrote, in batches of 256 lines. */
export async function importLines(
  journal: GraphJournal,
  lines: AsyncIterable<string> | Iterable<string>,
  { checkCategory, signal }: ImportOptions,
): Promise<ImportResult> {
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
    if (parsed.type === 'memory') checkCategory(parsed.memory.category)
    batch.push(parsed)
    if (batch.length === linesPerBatch) await store()
  }
  await store()
  await journal.write(undefined, signal, (writer) => writer.prune())
  return { imported, skipped }
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
