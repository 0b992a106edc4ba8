// Compiles assembly/flow.ts to a small WASM SIMD module and writes it, as base64, to src/generated/flow-wasm.ts.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = `${root}src/generated/flow-wasm.ts`
let binary
const { error, stderr } = await asc.main(
  [
    'assembly/flow.ts',
    '--baseDir',
    root,
    '--outFile',
    'flow.wasm',
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--importMemory',
    '--enable',
    'simd',
  ],
  {
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents
    },
  },
)
if (error || !binary) {
  console.error(stderr.toString())
  process.exit(1)
}
await mkdir(dirname(target), { recursive: true })
await writeFile(
  target,
  `/** The compiled kernel, ${binary.length} bytes. Made by scripts/build-kernel.mjs. */\nexport const flowWasm =\n  '${Buffer.from(binary).toString('base64')}'\n`,
)
console.log(`kernel: ${binary.length} bytes`)
