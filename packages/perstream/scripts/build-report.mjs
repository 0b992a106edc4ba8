import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Bundles the report's page code and style into one TypeScript module of two strings: src/generated/report-client.ts. */
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const page = join(root, 'src/report/page')

// d3-force and the three packages it needs are ISC: their notice travels with the code, into every report.
async function licenceBanner() {
  const forcePath = createRequire(import.meta.url).resolve('d3-force')
  const licence = await readFile(join(dirname(forcePath), '..', 'LICENSE'), 'utf8')
  return `/* Contains d3-force, d3-quadtree, d3-dispatch and d3-timer:\n${licence.trim()}\n*/`
}

async function bundle(entry, options = {}) {
  const result = await build({
    entryPoints: [join(page, entry)],
    bundle: true,
    minify: true,
    write: false,
    charset: 'ascii',
    target: ['es2022', 'chrome109', 'firefox115', 'safari16'],
    logLevel: 'warning',
    ...options,
  })
  return result.outputFiles[0].text.trim()
}

const script = await bundle('main.ts', {
  format: 'iife',
  banner: { js: await licenceBanner() },
  legalComments: 'inline',
})
const style = await bundle('style/index.css')
if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) {
  throw new Error('the bundled page holds a tag that would end its element early; look for it in src/report/page')
}

await mkdir(join(root, 'src/generated'), { recursive: true })
await writeFile(
  join(root, 'src/generated/report-client.ts'),
  `// Written by scripts/build-report.mjs from src/report/page.\n` +
    `export const reportScript: string = ${JSON.stringify(script)}\n` +
    `export const reportStyle: string = ${JSON.stringify(style)}\n`,
)
