import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ReductionStrategy } from '@perstream/spec'

/**
 * Loads a strategy from a file, TypeScript too: its default export, else the only function it exports. Named by the file, or by what it exports.
 * @throws TypeError when it is not there, or exports no strategy
 */
export async function loadStrategy(file: string): Promise<{ name: string; strategy: ReductionStrategy }> {
  if (!existsSync(file)) throw new TypeError(`there is no ${file}: give the path of a strategy`)
  const { tsImport } = await import('tsx/esm/api')
  const loaded: Record<string, unknown> = await tsImport(pathToFileURL(file).href, import.meta.url)
  // A file outside of any ES module package comes as CommonJS: what it exports is the default then.
  const inner = loaded.default as Record<string, unknown> | undefined
  const exported = typeof inner === 'object' && inner !== null ? inner : loaded
  const functions = Object.entries(exported).filter(([, value]) => typeof value === 'function')
  const [found, second] = functions.filter(([name]) => name === 'default').concat(functions)
  if (!found || (found[0] !== 'default' && second))
    throw new TypeError(
      `${file} exports ${functions.length} functions: it must export a strategy by default, or one function alone, from a table of parts to steps`,
    )
  const name = found[0] === 'default' ? basename(file).replace(/\.[cm]?[jt]s$/, '') : found[0]
  return { name, strategy: found[1] as ReductionStrategy }
}
