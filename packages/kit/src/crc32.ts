/** Eight tables, so that eight bytes go in one step. */
const tables = makeTables()

/** CRC-32 (IEEE 802.3, as in zlib) of bytes. About 1 GB/s. */
export function crc32(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables
  const whole = bytes.length - 7
  let crc = -1
  let i = 0
  for (; i < whole; i += 8) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    crc =
      t7[low & 255]! ^
      t6[(low >>> 8) & 255]! ^
      t5[(low >>> 16) & 255]! ^
      t4[low >>> 24]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!
  }
  for (; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

type Tables = readonly [Table, Table, Table, Table, Table, Table, Table, Table]
type Table = Int32Array

function makeTables(): Tables {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
    return value
  })
  const next = (table: Table) => table.map((value) => (value >>> 8) ^ first[value & 255]!)
  const [t1, t2, t3] = [next(first), next(next(first)), next(next(next(first)))]
  const [t4, t5, t6] = [next(t3), next(next(t3)), next(next(next(t3)))]
  return [first, t1, t2, t3, t4, t5, t6, next(t6)]
}
