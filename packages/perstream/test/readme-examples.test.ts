import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')
/** A configuration of its own, so that an example's tests are not counted among the package's. */
const vitestConfig = join(import.meta.dirname, 'readme-vitest.config.mjs')

/** READMEs of the project, each with the folder whose packages its example can import. */
const readmes = [
  { title: 'the project', file: join(root, 'README.md'), folder: join(root, 'packages/perstream') },
  ...readdirSync(join(root, 'packages')).map((name) => ({
    title: name,
    file: join(root, 'packages', name, 'README.md'),
    folder: join(root, 'packages', name),
  })),
]

interface Example {
  readonly code: string
  /** Runs by itself, or registers tests. */
  readonly runner: 'tsx' | 'vitest'
}

/** The TypeScript blocks of a README that can run by themselves; those that need something at hand say `no-run`. */
function examples(file: string): Example[] {
  const blocks = [...readFileSync(file, 'utf8').matchAll(/^```ts([^\n]*)\n(.*?)^```/gms)]
  return blocks
    .map(([, info = '', code = '']) => ({ code, info: info.trim() }))
    .filter(({ info }) => info !== 'no-run')
    .map(({ code, info }) => ({ code, runner: info === 'vitest' ? 'vitest' : 'tsx' }))
}

describe('README examples', () => {
  it.each(readmes)(
    'of $title run',
    async ({ file, folder }) => {
      expect(existsSync(file), `${file} is missing`).toBe(true)
      const found = examples(file)
      expect(found.length, `${file} shows no example that runs`).toBeGreaterThan(0)
      const scratch = await mkdtemp(join(folder, '.readme-'))
      try {
        for (const [i, { code, runner }] of found.entries()) {
          const name = `example-${i}.${runner === 'vitest' ? 'test.' : ''}ts`
          await writeFile(join(scratch, name), `${code}\nexport {}\n`)
          const args = runner === 'vitest' ? ['run', '--root', scratch, '--config', vitestConfig, name] : [name]
          await run(runner, args, {
            cwd: scratch,
            timeout: 120_000,
            env: { ...process.env, TMPDIR: scratch, TEMP: scratch },
          })
        }
      } finally {
        await rm(scratch, { recursive: true, force: true })
      }
    },
    240_000,
  )
})
