import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { CommandContext } from './context'
import { folderBytes, openMemory } from './open-memory'

const context: CommandContext = {
  ...{ out() {}, note() {}, signal: new AbortController().signal },
  ...{ interactive: false, columns: 80 },
}
const notes = Array.from({ length: 1200 }, (_, i) => ({
  ...{ text: `Box ${i} stands in room ${i % 40}`, category: 'notes', origin: 'told' as const },
}))

/** The bytes of a memory of notes, and whether it has an index. */
async function closed(mostDiskBytes?: number): Promise<{ bytes: number; hasIndex: boolean }> {
  const folder = mkdtempSync(join(tmpdir(), 'perstream-index-'))
  try {
    {
      await using memory = await openMemory(folder, 'create', context, { mostDiskBytes })
      await memory.graph.create(notes)
    }
    return { bytes: await folderBytes(folder), hasIndex: existsSync(join(folder, 'index.pmg')) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

it('keeps an index where the files may take so much, and else does without', async () => {
  const usual = await closed()
  expect(usual.hasIndex).toBe(true)
  expect(await closed(3 * usual.bytes)).toMatchObject({ hasIndex: true })
  const small = await closed(usual.bytes / 2)
  expect(small.hasIndex).toBe(false)
  expect(small.bytes).toBeLessThan(usual.bytes)
})
