import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')

/** READMEs of the project, each with the folder whose packages its example can import. */
const readmes = [
  { title: 'the project', file: join(root, 'README.md'), folder: join(root, 'packages/perstream') },
  ...readdirSync(join(root, 'packages')).map((name) => ({
    title: name,
    file: join(root, 'packages', name, 'README.md'),
    folder: join(root, 'packages', name),
  })),
]

/** The TypeScript blocks of a README that can run by themselves; those that need something at hand say `no-run`. */
function examples(file: string): string[] {
  const blocks = readFileSync(file, 'utf8').matchAll(/^```ts([^\n]*)\n(.*?)^```/gms)
  return [...blocks].filter(([, info]) => !info!.includes('no-run')).map(([, , code]) => code!)
}

describe('README examples', () => {
  it.each(readmes)(
    'of $title run',
    async ({ file, folder }) => {
      expect(existsSync(file), `${file} is missing`).toBe(true)
      const found = examples(file)
      // The interfaces have nothing to run but their error.
      expect(found.length, `${file} shows no example that runs`).toBeGreaterThan(0)
      const scratch = await mkdtemp(join(folder, '.readme-'))
      try {
        for (const [i, code] of found.entries()) {
          const path = join(scratch, `example-${i}.ts`)
          await writeFile(path, `${code}\nexport {}\n`)
          await run('tsx', [path], { cwd: scratch, timeout: 120_000 })
        }
      } finally {
        await rm(scratch, { recursive: true, force: true })
      }
    },
    240_000,
  )
})
