import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesSource, openSafetensors, type SafetensorsInput, writeSafetensors } from './index'

async function written(...given: [readonly SafetensorsInput[], Parameters<typeof writeSafetensors>[2]?]) {
  const bytes: number[] = []
  await writeSafetensors({ write: async (piece) => void bytes.push(...piece) }, ...given)
  return Uint8Array.from(bytes)
}

async function* pieces(bytes: Uint8Array, size: number) {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

describe('writeSafetensors', () => {
  it('writes what the reader reads, streams and bytes alike', async () => {
    const tensor = fc.record({
      name: fc.string({ maxLength: 12 }).filter((name) => name !== '__metadata__'),
      shape: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 }),
      streamed: fc.integer({ min: 0, max: 9 }),
    })
    const list = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(
        list,
        fc.option(fc.dictionary(fc.string(), fc.string()), { nil: undefined }),
        async (given, metadata) => {
          const values = given.map(({ shape }, i) => new Uint8Array(2 * shape.reduce((a, b) => a * b, 1)).fill(i + 1))
          const inputs = given.map(({ name, shape, streamed }, i): SafetensorsInput => {
            return { name, shape, type: 'BF16', data: streamed ? pieces(values[i]!, streamed) : values[i]! }
          })
          const file = await written(inputs, { metadata })
          const read = await openSafetensors(bytesSource('file', file))
          expect(new Set(read.tensors.keys())).toEqual(new Set(given.map(({ name }) => name)))
          expect({ ...read.metadata }).toEqual({ ...metadata })
          given.forEach(({ name, shape }, i) => {
            const entry = read.tensors.get(name)!
            expect(entry).toMatchObject({ type: 'BF16', shape })
            expect(file.slice(entry.offset, entry.offset + entry.length)).toEqual(values[i])
          })
          expect(Number(new DataView(file.buffer).getBigUint64(0, true)) % 8).toBe(0)
        },
      ),
    )
  })

  it('reports bytes of values', async () => {
    const done: number[] = []
    const inputs: SafetensorsInput[] = [
      { name: 'a', type: 'U8', shape: [4], data: pieces(new Uint8Array(4), 3) },
      { name: 'b', type: 'U8', shape: [2], data: new Uint8Array(2) },
    ]
    await written(inputs, { onProgress: (progress) => done.push(progress.done, progress.total!) })
    expect(done).toEqual([3, 6, 4, 6, 6, 6])
  })

  it('refuses names that are taken and values that do not fill their shape', async () => {
    const tensor = { name: 'a', type: 'F32', shape: [2], data: new Uint8Array(8) } as const
    await expect(written([tensor, tensor])).rejects.toThrow(/name "a" is taken/)
    await expect(written([{ ...tensor, name: '__metadata__' }])).rejects.toThrow(TypeError)
    await expect(written([{ ...tensor, data: new Uint8Array(4) }])).rejects.toThrow(/"a" has 4 bytes.*need 8/)
    await expect(written([{ ...tensor, data: pieces(new Uint8Array(9), 3) }])).rejects.toThrow(/more bytes/)
  })
})
