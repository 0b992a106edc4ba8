import type { Readable } from 'node:stream'

/**
 * Makes a function that reads exactly so many bytes, or undefined when the stream ends before. It listens from the start:
 * Node throws away the output of a child that has exited when nobody listens.
 */
export function createByteReader(stream: Readable): (count: number) => Promise<Uint8Array | undefined> {
  let wake: (() => void) | undefined
  let over = false
  const end = () => {
    over = true
    wake?.()
  }
  stream.on('readable', () => wake?.())
  for (const event of ['end', 'close', 'error']) stream.on(event, end)
  return async (count) => {
    const bytes = new Uint8Array(count)
    for (let filled = 0; filled < count; ) {
      const chunk = stream.read(Math.min(count - filled, stream.readableLength || count)) as Buffer | null
      if (chunk) {
        bytes.set(chunk, filled)
        filled += chunk.length
      } else if (over) return undefined
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
    return bytes
  }
}
