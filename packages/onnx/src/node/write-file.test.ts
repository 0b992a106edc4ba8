import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/folder'
import { quantizedInputs, quantizeRows } from '../index'
import { openCheckpoint, writeSafetensorsFile, writeWholeFile } from '../node'

const bytesOf = (array: Float32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

describe('writeSafetensorsFile', () => {
  it('writes a quantised copy of a checkpoint, streamed', async () => {
    await using folder = await temporaryFolder()
    const values = Float32Array.from({ length: 64 * 32 }, (_, i) => Math.sin(i))
    const path = join(folder.path, 'model.safetensors')
    await writeSafetensorsFile(path, [{ name: 'w', type: 'F32', shape: [64, 32], data: bytesOf(values) }])
    await using checkpoint = await openCheckpoint(folder.path)
    const copy = await temporaryFolder()
    const inputs = quantizedInputs(checkpoint.tensors.get('w')!, { format: 'q4', pieceBytes: 1024 })
    await writeSafetensorsFile(join(copy.path, 'model.safetensors'), inputs)
    await using quantised = await openCheckpoint(copy.path)
    const read = async (name: string) => {
      const { entry, source } = quantised.tensors.get(name)!
      return source.read(entry.offset, entry.length)
    }
    const { data, scales } = quantizeRows(values, 32, { format: 'q4' })
    expect(await read('w.q4')).toEqual(data)
    expect(await read('w.scales')).toEqual(bytesOf(scales as Float32Array))
    await copy[Symbol.asyncDispose]()
  })

  it('leaves what was there, and nothing beside it, when it fails half-way', async () => {
    await using folder = await temporaryFolder({ 'model.safetensors': 'old' })
    const path = join(folder.path, 'model.safetensors')
    const broken = async function* () {
      yield new Uint8Array(4)
      throw new Error('cut off')
    }
    const writing = writeSafetensorsFile(path, [{ name: 'w', type: 'F32', shape: [2], data: broken() }])
    await expect(writing).rejects.toThrow('cut off')
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder.path)).toEqual(['model.safetensors'])
  })

  it('lets two writers of one file finish: one of the two is there, whole', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'file')
    const write = (letter: string) =>
      writeWholeFile(path, async (sink) => {
        for (let i = 0; i < 50; i++) await sink.write(new TextEncoder().encode(letter.repeat(100)))
      })
    await Promise.all([write('a'), write('b')])
    expect(await readFile(path, 'utf8')).toMatch(/^(a{5000}|b{5000})$/)
    expect(await readdir(folder.path)).toEqual(['file'])
  })

  it('says when the disk is full', async () => {
    await using folder = await temporaryFolder()
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    const writing = writeWholeFile(join(folder.path, 'file'), () => Promise.reject(full))
    await expect(writing).rejects.toMatchObject({ code: 'store-full', cause: full })
    await writeFile(join(folder.path, 'other'), '')
    expect(await readdir(folder.path)).toEqual(['other'])
  })
})
