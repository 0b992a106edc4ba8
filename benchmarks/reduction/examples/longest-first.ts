import type { PartTable, ReductionStep } from '@perstream/spec'

/** Lets embeddings go to signs, then the longest words go first, each with all that its memory has. */
export default function* longestFirst(table: PartTable): Generator<ReductionStep> {
  const parts = Array.from({ length: table.length }, (_, part) => part)
  for (const part of parts) if (table.granularity[part] === 2) yield { part, to: 'b1' }
  const words = parts.filter((part) => table.granularity[part] === 3)
  for (const longest of words.sort((a, b) => table.bytes[b]! - table.bytes[a]!))
    for (const part of parts) if (table.owner[part] === table.owner[longest]) yield { part, to: 'gone' }
}
