import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

/** The code of an entry and of what it imports of this package, and what else it imports. */
async function reachable(entry: string): Promise<{ code: string; imported: Set<string> }> {
  const seen = new Map<string, string>()
  const imported = new Set<string>()
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return
    const code = await readFile(path, 'utf8')
    seen.set(path, code)
    for (const [, name] of code.matchAll(/(?:\bfrom|\bimport\(?)\s*['"]([^'"]+)['"]/g)) {
      if (name!.startsWith('.')) await visit(join(dirname(path), name!))
      else imported.add(name!)
    }
  }
  await visit(join(dist, entry))
  return { code: [...seen.values()].join('\n'), imported }
}

it('imports nothing from Node, and makes no code of strings', async () => {
  const { code, imported } = await reachable('index.js')
  expect(code.length).toBeGreaterThan(1000)
  const node = [...imported].filter((name) => name.startsWith('node:') || builtinModules.includes(name))
  expect(node).toEqual([])
  expect(code).not.toMatch(/\beval\(|new Function\(|\brequire\(|\bprocess\.|\bBuffer\b/)
})

it('finds Node where it is', async () => {
  const { imported } = await reachable('node.js')
  expect([...imported].some((name) => builtinModules.includes(name.replace('node:', '')))).toBe(true)
})
