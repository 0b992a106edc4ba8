// Bundles src/onnx/node-worker.ts into a string: src/generated/onnx-worker.ts.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { outputFiles } = await build({
  entryPoints: [join(root, 'src/onnx/node-worker.ts')],
  ...{
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
  },
})
const code = outputFiles[0].text.trim()
await mkdir(join(root, 'src/generated'), { recursive: true })
await writeFile(
  join(root, 'src/generated/onnx-worker.ts'),
  `/** The thread that runs ONNX models. Made by scripts/build-worker.mjs. */\nexport const onnxWorkerCode: string = ${JSON.stringify(code)}\n`,
)
console.log(`worker: ${code.length} characters`)
