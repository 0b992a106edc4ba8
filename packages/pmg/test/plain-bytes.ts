import { constants, inflateRawSync } from 'node:zlib'

const headerLength = 48
const deflatedFlag = 0x80000000

/** The bytes of a file as a text of one character a byte, and behind it all that is deflated in it, torn or not: to search for words. */
export function plainBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found = [buffer.toString('latin1')]
  for (let at = buffer.indexOf('PMR3'); at >= 0; at = buffer.indexOf('PMR3', at + 1)) {
    if (at + headerLength > buffer.length || buffer.readUInt32LE(at + 44) < deflatedFlag) continue
    const from = at + headerLength + buffer.readUInt32LE(at + 40) * 8 + 4
    found.push(
      inflated(buffer.subarray(from, from + buffer.readUInt32LE(at + 44) - deflatedFlag - 4)).toString('latin1'),
    )
  }
  return found.join('\n')
}

/** As far as it goes: the end may be cut off. */
function inflated(bytes: Uint8Array): Buffer {
  try {
    return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return Buffer.alloc(0)
  }
}
