import { createHash } from 'node:crypto'
import { type FileSource, fileSource } from '@perstream/onnx/node'
import type { CallOptions } from '@perstream/spec'

/** What a file is recognised by. */
export interface Fingerprint {
  readonly bytes: number
  /** SHA-256 of the file, or of samples of a large one. */
  readonly sha256: string
}

const sampleBytes = 4096
const samples = 512
/** The start of a safetensors file names and places all its tensors. */
const startBytes = 1024 * 1024

/**
 * Recognises a file by its size and its values: all of a small file; of a large one the first megabyte, the last bytes and
 * 512 samples of 4 KiB in between. So weights that were trained further or converted are other files, and a check takes
 * milliseconds where reading 15 GB takes a minute. A few damaged bytes are not found: `verify` of a pulled model finds them.
 */
export async function fingerprint(path: string, options: CallOptions = {}): Promise<Fingerprint> {
  await using source = await fileSource(path)
  const hash = createHash('sha256')
  for (const [offset, length] of places(source)) hash.update(await source.read(offset, length, options))
  return { bytes: source.size, sha256: hash.digest('hex') }
}

function* places({ size }: FileSource): Generator<readonly [offset: number, length: number]> {
  if (size <= startBytes + samples * sampleBytes) {
    yield [0, size]
    return
  }
  yield [0, startBytes]
  const room = size - startBytes - sampleBytes
  for (let i = 0; i < samples; i++) yield [startBytes + Math.floor((room * i) / (samples - 1)), sampleBytes]
}
