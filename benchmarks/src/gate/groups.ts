import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { contentFreeTexts } from './content-free'
import { memoryTexts } from './memories'
import { objectTags, readTexts } from './read-texts'

/** Texts that should all pass the gate, or all be stopped. */
export interface TextGroup {
  readonly name: string
  readonly texts: readonly string[]
  readonly kind: 'memory' | 'empty'
}

/** Loads the inputs of the benchmark and says which memories they are: those of `given`, else of `usual`, else its own. */
export async function loadGroups(
  given: string | undefined,
  usual: string,
): Promise<{ groups: TextGroup[]; note: string }> {
  const file = given ?? (existsSync(usual) ? usual : undefined)
  const memories: TextGroup[] = file
    ? memoriesOf(JSON.parse(await readFile(file, 'utf8')) as Row[])
    : [{ name: 'own memories', texts: memoryTexts, kind: 'memory' }]
  return {
    groups: [
      ...memories,
      { name: 'text read', texts: readTexts, kind: 'memory' },
      { name: 'content-free', texts: contentFreeTexts, kind: 'empty' },
      { name: 'object tags', texts: objectTags, kind: 'empty' },
    ],
    note: file
      ? `memories: ${memories.map(({ name, texts }) => `${texts.length} ${name}`).join(', ')}, the distinct texts of ${file}`
      : `memories: the benchmark's own ${memoryTexts.length}, since there is no ${usual}; give others with --data FILE`,
  }
}

interface Row {
  readonly type_1_memories?: readonly string[]
  readonly type_2_memories?: readonly string[]
}

function memoriesOf(rows: readonly Row[]): TextGroup[] {
  const distinct = (pick: (row: Row) => readonly string[] | undefined) => [
    ...new Set(rows.flatMap((row) => pick(row) ?? [])),
  ]
  return [
    { name: 'type 1 memories', texts: distinct((row) => row.type_1_memories), kind: 'memory' },
    { name: 'type 2 memories', texts: distinct((row) => row.type_2_memories), kind: 'memory' },
  ]
}
