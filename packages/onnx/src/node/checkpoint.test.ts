import { existsSync } from 'node:fs'
import { readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { collect } from '@perstream/kit'
import { describe, expect, it } from 'vitest'
import { safetensorsOf, temporaryFolder } from '../../test/folder'
import { convertWeight, quantizeRows, quantizeWeight, toFloat32 } from '../index'
import { fileSource, openCheckpoint } from '../node'

const shards = {
  'model-00001-of-00002.safetensors': safetensorsOf({ a: [1, 2], b: [3] }),
  'model-00002-of-00002.safetensors': safetensorsOf({ c: [4, 5, 6] }),
}
const [first, second] = Object.keys(shards) as [string, string]
const index = (map: Record<string, unknown>) => JSON.stringify({ metadata: { total_size: 24 }, weight_map: map })
const places = { a: first, b: first, c: second }

/** How many files this process has open; Linux tells, elsewhere it is always 0. */
async function openFiles(): Promise<number> {
  return (await readdir('/proc/self/fd').catch(() => [])).length
}

async function floats(folder: string, name: string): Promise<number[]> {
  await using checkpoint = await openCheckpoint(folder)
  const { entry, source } = checkpoint.tensors.get(name)!
  const bytes = await source.read(entry.offset, entry.length)
  return [...new Float32Array(bytes.buffer, bytes.byteOffset, entry.length / 4)]
}

describe('openCheckpoint', () => {
  it('opens one file', async () => {
    await using folder = await temporaryFolder({ 'model.safetensors': safetensorsOf({ a: [1, 2], b: [3] }) })
    expect(await floats(folder.path, 'a')).toEqual([1, 2])
    expect(await floats(folder.path, 'b')).toEqual([3])
  })

  it('opens shards as one, and tells which file holds a tensor', async () => {
    await using folder = await temporaryFolder({ ...shards, 'model.safetensors.index.json': index(places) })
    await using checkpoint = await openCheckpoint(folder.path)
    expect(checkpoint.files).toEqual([first, second])
    expect([...checkpoint.tensors].map(([name, { file }]) => [name, file])).toEqual(Object.entries(places))
    expect(await floats(folder.path, 'c')).toEqual([4, 5, 6])
  })

  const wrong: readonly [what: string, files: Record<string, Uint8Array | string>, error: object][] = [
    [
      'a folder without weights, and says what lies there',
      { 'pytorch_model.bin': '' },
      { code: 'model-missing', message: expect.stringMatching(/neither.*pytorch_model\.bin/) },
    ],
    [
      'a missing shard',
      { [first]: shards[first as keyof typeof shards], 'model.safetensors.index.json': index(places) },
      { code: 'model-missing', fields: { file: expect.stringMatching(/00002-of-00002/), tensor: 'c' } },
    ],
    [
      'a tensor that is not in its shard',
      { ...shards, 'model.safetensors.index.json': index({ ...places, d: second }) },
      { code: 'model-invalid', fields: { file: expect.stringMatching(/00002-of-00002/), tensor: 'd' } },
    ],
    [
      'a tensor that is in another shard',
      { ...shards, 'model.safetensors.index.json': index({ ...places, c: first }) },
      { code: 'model-invalid', message: expect.stringMatching(/"c" is in it, but no file has it|it is in/) },
    ],
    [
      'a tensor that is in two shards',
      { ...shards, [second]: safetensorsOf({ a: [0], c: [1] }), 'model.safetensors.index.json': index(places) },
      { code: 'model-invalid', message: expect.stringContaining(`"a" lies in ${first} and in ${second}`) },
    ],
    [
      'a shard outside the folder',
      { 'model.safetensors.index.json': index({ a: '../other.safetensors' }) },
      { code: 'model-invalid', fields: { file: expect.stringContaining('index.json'), tensor: 'a' } },
    ],
    ['an index that is no JSON', { 'model.safetensors.index.json': '{' }, { code: 'model-invalid' }],
    ['an index without a map', { 'model.safetensors.index.json': '[]' }, { code: 'model-invalid' }],
  ]
  it.each(wrong)('refuses %s', async (_, files, error) => {
    await using folder = await temporaryFolder(files)
    await expect(openCheckpoint(folder.path)).rejects.toMatchObject(error)
  })

  it('refuses a file that is cut off, naming file and tensor, and keeps no file open', async () => {
    await using folder = await temporaryFolder({ ...shards, 'model.safetensors.index.json': index(places) })
    await truncate(join(folder.path, second), shards[second as keyof typeof shards].length - 1)
    const before = await openFiles()
    await expect(openCheckpoint(folder.path)).rejects.toMatchObject({
      code: 'model-invalid',
      fields: { file: join(folder.path, second), tensor: 'c' },
    })
    expect(await openFiles()).toBe(before)
  })

  it('refuses a folder that is not there', async () => {
    await expect(openCheckpoint('/nowhere/model')).rejects.toMatchObject({ code: 'model-missing' })
  })
})

const models = join(process.env.PERSTREAM_SHARED ?? join(import.meta.dirname, '../../../../../shared'), 'models')
const shared = existsSync(models)
const checkpoints = ['tiny-qwen2-vl', 'tiny-qwen2.5-vl', 'tiny-qwen2.5-omni-thinker', 'tiny-qwen3-vl']

describe('published checkpoints', () => {
  it.skipIf(!shared).each(checkpoints)(
    `%s opens, converts and quantises${shared ? '' : ' (skipped: no shared material)'}`,
    async (name) => {
      await using checkpoint = await openCheckpoint(join(models, name))
      expect(checkpoint.tensors.size).toBeGreaterThan(50)
      for (const tensor of checkpoint.tensors.values()) {
        const { entry, source } = tensor
        const values = toFloat32(entry.type, await source.read(entry.offset, entry.length))
        const halves = await collect(convertWeight(tensor, 'F16', { pieceBytes: 4096 }))
        const back = halves.flatMap((piece) => [...toFloat32('F16', piece)])
        values.forEach((value, i) => {
          expect(Math.abs(back[i]! - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25))
        })
        if (entry.shape.length !== 2) continue
        const { scales } = quantizeRows(values, entry.shape[1]!, { format: 'q4' })
        const quantised = await collect(quantizeWeight(tensor, { format: 'q4', pieceBytes: 4096 }))
        expect(quantised.flatMap((piece) => [...piece.scales])).toEqual([...scales])
      }
    },
  )
})

describe('fileSource', () => {
  it('reads any piece, and says when the file has become shorter', async () => {
    await using folder = await temporaryFolder({ file: Uint8Array.of(1, 2, 3, 4) })
    await using source = await fileSource(join(folder.path, 'file'))
    expect(source.size).toBe(4)
    expect(await source.read(1, 2)).toEqual(Uint8Array.of(2, 3))
    await truncate(join(folder.path, 'file'), 2)
    await expect(source.read(1, 3)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(/byte 2/),
    })
  })

  it('refuses folders and missing files, and stops when told to', async () => {
    await using folder = await temporaryFolder({ file: 'x' })
    await expect(fileSource(folder.path)).rejects.toMatchObject({ code: 'model-missing' })
    await expect(fileSource(join(folder.path, 'none'))).rejects.toMatchObject({ code: 'model-missing' })
    await using source = await fileSource(join(folder.path, 'file'))
    await expect(source.read(0, 1, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })
})
