// Compiles assembly/NAME.ts of the package it is called in to a small WASM SIMD module, and writes it, as base64, to
// src/generated/NAME-wasm.ts. `node ../../scripts/build-kernel.mjs NAME`
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { compileKernel } from './compile-kernel.mjs'

const [name] = process.argv.slice(2)
if (!name) {
  console.error('Name the kernel to build: the file in assembly/ without its ending.')
  process.exit(2)
}
const binary = await compileKernel(process.cwd(), `assembly/${name}.ts`)
const target = `src/generated/${name}-wasm.ts`
await mkdir(dirname(target), { recursive: true })
await writeFile(
  target,
  `/** The compiled kernel, ${binary.length} bytes. Made by scripts/build-kernel.mjs. */\nexport const ${name}Wasm =\n  '${Buffer.from(binary).toString('base64')}'\n`,
)
console.log(`kernel: ${binary.length} bytes`)
