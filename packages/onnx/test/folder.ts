import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The bytes of a safetensors file whose tensors hold float32 values. */
export function safetensorsOf(tensors: Readonly<Record<string, readonly number[]>>): Uint8Array {
  let end = 0
  const header = Object.entries(tensors).map(([name, values]) => {
    const begin = end
    end += values.length * 4
    return [name, { dtype: 'F32', shape: [values.length], data_offsets: [begin, end] }]
  })
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const bytes = new Uint8Array(8 + json.length + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(new Uint8Array(Float32Array.from(Object.values(tensors).flat()).buffer), 8 + json.length)
  return bytes
}

/** A new folder that is removed when it goes out of use. */
export async function temporaryFolder(
  files: Readonly<Record<string, Uint8Array | string>> = {},
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'perstream-onnx-'))
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
