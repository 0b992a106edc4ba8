import type { Readable } from 'node:stream'

/** Reads exactly so many bytes, or undefined when the stream ends before; `partial`: then what was left, if anything. */
export type ReadBytes = (
  count: number,
  options?: { readonly partial?: boolean },
) => Promise<Uint8Array<ArrayBuffer> | undefined>

/**
 * Makes a function that reads from a stream. It listens from the start:
 * Node throws away the output of a child that has exited when nobody listens.
 */
export function createByteReader(stream: Readable): ReadBytes {
  let wake: (() => void) | undefined
  let over = false
  const end = () => {
    over = true
    wake?.()
  }
  stream.on('readable', () => wake?.())
  for (const event of ['end', 'close', 'error']) stream.on(event, end)
  return async (count, { partial = false } = {}) => {
    const bytes = new Uint8Array(count)
    for (let filled = 0; filled < count; ) {
      const chunk = stream.read(Math.min(count - filled, stream.readableLength || count)) as Buffer | null
      if (chunk) {
        bytes.set(chunk, filled)
        filled += chunk.length
      } else if (over) return partial && filled > 0 ? bytes.slice(0, filled) : undefined
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
    return bytes
  }
}
