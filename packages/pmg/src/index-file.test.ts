import { crc32 } from 'node:zlib'
import { createUnreliableDirectory } from '@perstream/conformance'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { indexName, readIndexFile, readIndexOwner, writeIndexFile } from './index-file'

const directory = createUnreliableDirectory(() => 0)

/** A file whose table has the right checksum, whatever it says. */
function sealed(table: string, rest: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(table)
  const head = Buffer.alloc(Math.ceil((16 + text.length) / 8) * 8)
  head.write('PMI1')
  head.writeUInt32LE(text.length, 4)
  head.writeUInt32LE(7, 12)
  head.set(text, 16)
  head.writeUInt32LE(crc32(head.subarray(12)), 8)
  return Uint8Array.from(Buffer.concat([head, rest]))
}

describe('the file of an index', () => {
  it('gives back the sections and the manifest it belongs to', async () => {
    const sections = fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.uint8Array({ maxLength: 40 })))
    await fc.assert(
      fc.asyncProperty(sections, fc.integer({ min: 0, max: 0xffffffff }), async (list, manifestCrc) => {
        const given = new Map(list)
        await writeIndexFile(directory, given, { manifestCrc, checksum: crc32 })
        const bytes = directory.files.get(indexName)!
        expect(bytes.length % 8).toBe(0)
        expect(await readIndexOwner(directory)).toBe(manifestCrc)
        expect(await readIndexFile(directory, crc32)).toEqual({
          ...{ kind: 'whole', bytes: bytes.length, manifestCrc, sections: given },
        })
      }),
    )
  })

  it('is damaged when its table makes no sense, though its checksum is right', async () => {
    const eight = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    const crc = crc32(eight)
    directory.put(indexName, sealed(`[["a",8,${crc}]]`, eight))
    expect(await readIndexFile(directory, crc32)).toMatchObject({ kind: 'whole', manifestCrc: 7 })
    const tables = [
      ...['', '[', 'null', '{}', '[]', '[null]', '["a"]', '[["a"]]', `[["a",8]]`, `[["a","8",${crc}]]`],
      ...[`[[1,8,${crc}]]`, `[["a",-8,${crc}]]`, `[["a",8.5,${crc}]]`, `[["a",16,${crc}]]`, `[["a",9e15,${crc}]]`],
      ...[
        `[["a",8,${crc + 1}]]`,
        `[["a",8,"${crc}"]]`,
        `[["a",8,${crc}],["b",8,${crc}]]`,
        `[["a",7,${crc32(eight.subarray(0, 7))}]]`,
      ],
    ]
    for (const table of tables) {
      directory.put(indexName, sealed(table, eight))
      expect(await readIndexFile(directory, crc32), table).toMatchObject({ kind: 'damaged' })
    }
  })

  it('is missing, or too short to have a header', async () => {
    directory.put(indexName, undefined)
    expect(await readIndexFile(directory, crc32)).toEqual({ kind: 'missing' })
    expect(await readIndexOwner(directory)).toBeUndefined()
    directory.put(indexName, new Uint8Array(15))
    expect(await readIndexFile(directory, crc32)).toEqual({ kind: 'damaged', bytes: 15 })
    expect(await readIndexOwner(directory)).toBeUndefined()
  })
})
