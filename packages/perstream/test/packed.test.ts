import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const packagesFolder = join(import.meta.dirname, '../..')

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, unknown>>
}

/** Every specifier a user can import, of every package. */
async function specifiers(): Promise<string[]> {
  const names = await readdir(packagesFolder)
  const manifests = await Promise.all(
    names.map(
      async (name) => JSON.parse(await readFile(join(packagesFolder, name, 'package.json'), 'utf8')) as Manifest,
    ),
  )
  return manifests.flatMap(({ name, exports }) =>
    Object.keys(exports)
      .filter((subpath) => subpath !== './package.json')
      .map((subpath) => join(name, subpath).replaceAll('\\', '/')),
  )
}

describe('the packages as npm installs them', () => {
  let folder: string
  let all: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perstream-install-'))
    all = await specifiers()
    await mkdir(join(folder, 'tarballs'))
    const tarballs: string[] = []
    for (const name of await readdir(packagesFolder)) {
      const { stdout } = await run('pnpm', ['pack', '--json', '--pack-destination', join(folder, 'tarballs')], {
        cwd: join(packagesFolder, name),
      })
      tarballs.push((JSON.parse(stdout) as { filename: string }).filename)
    }
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true }))
    const tools = ['typescript@5.9.3', '@types/node@20', 'vitest@4.1.12']
    await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs, ...tools], {
      cwd: folder,
      maxBuffer: 1 << 26,
    })
  }, 600_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('import from ESM and from CommonJS, with the same names', async () => {
    const names = (list: string) => `Object.keys(${list}).filter((name) => name !== 'default').sort()`
    // The contract suites register tests, and so can be imported inside a test runner only, and as ESM only.
    const importable = all.filter((specifier) => specifier !== '@perstream/conformance')
    await writeFile(
      join(folder, 'import.mjs'),
      `const found = {}\nfor (const name of ${JSON.stringify(importable)}) { const module = await import(name); found[name] = ${names('module')} }\nconsole.log(JSON.stringify(found))`,
    )
    await writeFile(
      join(folder, 'require.cjs'),
      `const found = {}\nfor (const name of ${JSON.stringify(importable)}) found[name] = ${names('require(name)')}\nconsole.log(JSON.stringify(found))`,
    )
    const imported = JSON.parse((await run('node', ['import.mjs'], { cwd: folder })).stdout) as Record<string, string[]>
    const required = JSON.parse((await run('node', ['require.cjs'], { cwd: folder })).stdout) as Record<
      string,
      string[]
    >
    expect(Object.keys(imported)).toEqual(importable)
    expect(required).toEqual(imported)
    expect(Object.entries(imported).filter(([, list]) => list.length === 0)).toEqual([])
  }, 120_000)

  it('type-check from TypeScript, as ESM and as CommonJS', async () => {
    const lines = all.map(
      (specifier, i) => `import * as module${i} from '${specifier}'\nexport const names${i} = Object.keys(module${i})`,
    )
    await writeFile(join(folder, 'types.mts'), lines.join('\n'))
    const withoutSuites = lines.filter((line) => !line.includes('@perstream/conformance'))
    await writeFile(join(folder, 'types.cts'), withoutSuites.join('\n'))
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--lib',
      'es2022,esnext.disposable,dom',
      '--types',
      'node',
      '--skipLibCheck',
      'false',
    ]
    await run('npx', ['tsc', ...options, 'types.mts', 'types.cts'], { cwd: folder }).catch(
      (error: { stdout: string }) => {
        throw new TypeError(`tsc says:\n${error.stdout}`)
      },
    )
  }, 120_000)

  it('run the command', async () => {
    const { stdout } = await run('npx', ['perstream', 'doctor', '--json'], { cwd: folder })
    const { checks } = JSON.parse(stdout) as { checks: { name: string; works: boolean }[] }
    expect(checks.find(({ name }) => name === 'cpu')?.works).toBe(true)
    expect(checks.find(({ name }) => name === 'node-av')?.works).toBe(true)
  }, 120_000)
})
