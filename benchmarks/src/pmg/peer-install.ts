import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** What is installed together, in exact versions; no dependency of the workspace. */
const groups: Readonly<Record<string, readonly string[]>> = {
  sqlite: ['mem0ai@3.3.1', 'better-sqlite3@12.11.1'],
  usearch: ['usearch@2.26.2'],
  lancedb: ['@lancedb/lancedb@0.39.0'],
}

/** Versions by contestant. */
export const peerVersions: Readonly<Record<string, string>> = {
  'mem0ai, in memory': '3.3.1',
  usearch: '2.26.2',
  'better-sqlite3': '12.11.1',
  LanceDB: '0.39.0',
}

/** Installs the peers that are not there into a cache folder, on first use. Returns the folder, and what did not install. */
export async function installPeers(): Promise<{ modules: string; problems: string[] }> {
  const modules = fileURLToPath(new URL('../../../node_modules/.cache/perstream-peers/', import.meta.url))
  const problems: string[] = []
  for (const [group, packages] of Object.entries(groups)) {
    const problem = await installGroup(join(modules, group), packages)
    if (problem) problems.push(`${packages.join(', ')} did not install: ${problem}`)
  }
  return { modules, problems }
}

async function installGroup(folder: string, packages: readonly string[]): Promise<string | undefined> {
  const stamp = join(folder, `installed ${packages.join(' ').replaceAll('/', '+')}`)
  if (existsSync(stamp)) return undefined
  console.error(`peers: installing ${packages.join(', ')}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"private":true}\n')
  try {
    const command = ['install', '--no-audit', '--no-fund', '--save-exact', ...packages]
    await promisify(execFile)('npm', command, { cwd: folder, timeout: 600_000, shell: process.platform === 'win32' })
    await writeFile(stamp, '')
    return undefined
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? error)
    return said.split('\n').find((line) => /error/i.test(line)) ?? said.slice(0, 200)
  }
}
