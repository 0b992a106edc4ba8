import { statSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeModel } from '@perstream/onnx'
import type { Progress, Tensor } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../../onnx'
import { llamaConfig, llamaShapes, madeFolder, writeCheckpoint } from '../made-checkpoint'
import { openLanguageModel } from '../open-language-model'
import { emptyCache, int64, largestDifference } from '../test-material'
import { importModel } from './import-model'
import type { ImportDtype } from './weight-plan'

const llama = { config: llamaConfig, shapes: llamaShapes() }

/** Whether there is a second disk to which no file can be linked. */
const shm = statSync('/dev/shm', { throwIfNoEntry: false })
const otherDisk = shm !== undefined && shm.dev !== statSync(tmpdir()).dev

/** The logits of a few tokens. */
async function logitsOf(folder: string, options: Partial<Parameters<typeof openLanguageModel>[1]> = {}) {
  const runtime = createOnnxRuntime()
  await using parts = await openLanguageModel(folder, { runtime, device: 'cpu', from: 'checkpoint', ...options })
  const ids = [3, 14, 15, 9, 26]
  const { inputs_embeds } = await parts.embed.run({ input_ids: int64([1, ids.length], ids) })
  const all: Record<string, Tensor> = {
    ...{ inputs_embeds: inputs_embeds!, attention_mask: int64([1, 5], [1, 1, 1, 1, 1]) },
    ...{ position_ids: int64([1, 5], [0, 1, 2, 3, 4]), num_logits_to_keep: int64([], [0]) },
    ...emptyCache(parts.config.text),
  }
  for (const part of parts.decoder) {
    const feeds = Object.fromEntries(part.inputs.map(({ name }) => [name, all[name]!]))
    const { hidden_states_out: states, logits } = await part.run(feeds)
    if (logits) return logits.data as Float32Array
    all.hidden_states = states!
  }
  throw new Error('no part gave logits')
}

describe('importModel', () => {
  it('reads a checkpoint where it is, sharded or not', async () => {
    await using work = await madeFolder()
    const [one, two] = [join(work.path, 'one'), join(work.path, 'two')]
    await writeCheckpoint(one, llama)
    await writeCheckpoint(two, { ...llama, shards: 2 })
    const imported = await importModel(two)
    expect(await readdir(join(imported, 'onnx'))).toEqual([
      'decoder_model_merged.onnx',
      'embed_tokens.onnx',
      ...['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'],
    ])
    const shard = 'model-00001-of-00002.safetensors'
    expect((await stat(join(imported, 'onnx', shard))).ino).toBe((await stat(join(two, shard))).ino)
    expect(largestDifference(await logitsOf(one), await logitsOf(two))).toBe(0)
  })

  it.each([
    ['f32', 'BF16', 0],
    ['f32', 'F16', 2e-3],
    ['f16', 'F32', 2e-3],
    ['f16', 'BF16', 0],
    ['int8', 'F32', 0.02],
    ['int8', 'BF16', 0.02],
    ['q4', 'F32', 0.2],
  ] as const)('keeps weights as %s of a checkpoint in %s', async (dtype, type, tolerance) => {
    await using work = await madeFolder()
    const [exact, narrow] = [join(work.path, 'exact'), join(work.path, 'narrow')]
    const weights = await writeCheckpoint(narrow, { ...llama, type })
    await writeCheckpoint(exact, llama)
    const wanted = type === 'BF16' ? await logitsOf(narrow) : await logitsOf(exact)
    const found = await logitsOf(narrow, { dtype })
    expect(weights.size).toBe(Object.keys(llama.shapes).length)
    const share = largestDifference(found, wanted) / Math.max(...wanted.map(Math.abs))
    expect(share).toBeLessThanOrEqual(tolerance)
    if (tolerance > 0) expect(share).toBeGreaterThan(tolerance / 20)
  })

  it('splits the decoder by layers to the same result', async () => {
    await using work = await madeFolder()
    await writeCheckpoint(work.path, { ...llama, shards: 2 })
    for (const dtype of ['f32', 'q4'] as const) {
      const whole = await logitsOf(work.path, { dtype })
      expect(largestDifference(await logitsOf(work.path, { dtype, layersPerPart: 3 }), whole)).toBe(0)
      const decoder = [{ device: 'cpu' }, { device: 'cpu' }] as const
      expect(largestDifference(await logitsOf(work.path, { dtype, placement: { decoder } }), whole)).toBe(0)
    }
  })

  it('imports once, and again when the checkpoint is another or the import is not whole', async () => {
    await using work = await madeFolder()
    const folder = join(work.path, 'model')
    const cacheFolder = join(work.path, 'cache')
    await writeCheckpoint(folder, llama)
    const reports: Progress[] = []
    const run = () => importModel(folder, { cacheFolder, dtype: 'q4', onProgress: (report) => reports.push(report) })
    const imported = await run()
    expect(reports.at(-1)).toMatchObject({ stage: 'converting weights', done: reports.at(-1)!.total })
    reports.length = 0
    expect(await run()).toBe(imported)
    expect(reports).toEqual([])
    await truncate(join(imported, 'onnx/weights.safetensors'), 100)
    await run()
    expect(reports.length).toBeGreaterThan(0)
    reports.length = 0
    await writeCheckpoint(folder, { ...llama, seed: 2 })
    expect(await run()).toBe(imported)
    expect(reports.length).toBeGreaterThan(0)
    expect(await readdir(cacheFolder)).toHaveLength(1)
  })

  it.skipIf(!otherDisk)('copies weights to another disk (skipped: /dev/shm is none)', async () => {
    await using work = await madeFolder()
    await writeCheckpoint(work.path, { ...llama, type: 'BF16', shards: 2 })
    const cacheFolder = await mkdtemp('/dev/shm/perstream-import-')
    try {
      const found = await logitsOf(work.path, { cacheFolder })
      expect(largestDifference(found, await logitsOf(work.path))).toBe(0)
      const [imported] = await readdir(cacheFolder)
      expect(await readdir(join(cacheFolder, imported!, 'onnx'))).toContain('weights.safetensors')
    } finally {
      await rm(cacheFolder, { recursive: true })
    }
  })

  it('leaves nothing when it is stopped', async () => {
    await using work = await madeFolder()
    const folder = join(work.path, 'model')
    const cacheFolder = join(work.path, 'cache')
    await writeCheckpoint(folder, llama)
    const stop = new AbortController()
    const reason = new Error('enough')
    const onProgress = () => stop.abort(reason)
    const importing = importModel(folder, { cacheFolder, dtype: 'int8', onProgress, signal: stop.signal })
    await expect(importing).rejects.toBe(reason)
    expect(await readdir(cacheFolder)).toEqual([])
  })

  it('removes what a killed import left', async () => {
    await using work = await madeFolder()
    const folder = join(work.path, 'model')
    const cacheFolder = join(work.path, 'cache')
    await writeCheckpoint(folder, llama)
    const imported = await importModel(folder, { cacheFolder })
    await rm(imported, { recursive: true })
    await writeCheckpoint(`${imported}.999999999-cut.part`, llama)
    await importModel(folder, { cacheFolder })
    expect(await readdir(cacheFolder)).toEqual([imported.slice(cacheFolder.length + 1)])
  })

  it('is made once by two at the same time', async () => {
    await using work = await madeFolder()
    await writeCheckpoint(work.path, llama)
    const both = await Promise.all([importModel(work.path, { dtype: 'q4' }), importModel(work.path, { dtype: 'q4' })])
    expect(both[0]).toBe(both[1])
    expect(await readdir(join(work.path, '.perstream'))).toHaveLength(1)
    expect((await logitsOf(work.path, { dtype: 'q4' })).every(Number.isFinite)).toBe(true)
  })

  it('writes graphs that name the tensors of the checkpoint', async () => {
    await using work = await madeFolder()
    await writeCheckpoint(work.path, llama)
    const bytes = await readFile(join(await importModel(work.path), 'onnx/decoder_model_merged.onnx'))
    const names = decodeModel(bytes).graph.initializers.map(({ name }) => name)
    expect(names).toContain('model.layers.3.mlp.down_proj.weight')
    expect(bytes.length).toBeLessThan(60_000)
  })

  describe('names what is wrong', () => {
    const broken = async (
      spoil: (folder: string) => Promise<void>,
      checkpoint: Partial<Parameters<typeof writeCheckpoint>[1]> = {},
      dtype: ImportDtype = 'f32',
    ) => {
      await using work = await madeFolder()
      await writeCheckpoint(work.path, { ...llama, ...checkpoint })
      await spoil(work.path)
      const error: unknown = await importModel(work.path, { dtype }).catch((cause: unknown) => cause)
      const left = await readdir(join(work.path, '.perstream')).catch(() => [])
      expect(left).toEqual([])
      return error
    }
    const nothing = async () => {}

    it('a tensor that is missing', async () => {
      const { 'model.layers.2.mlp.up_proj.weight': _, ...shapes } = llama.shapes
      expect(await broken(nothing, { shapes })).toMatchObject({
        code: 'model-invalid',
        message: expect.stringMatching(/no tensor "model.layers.2.mlp.up_proj.weight" of shape \[64,32\]/),
      })
    })

    it('a tensor of another shape', async () => {
      const shapes = { ...llama.shapes, 'model.layers.1.self_attn.k_proj.weight': [32, 32] }
      expect(await broken(nothing, { shapes })).toMatchObject({
        code: 'model-invalid',
        fields: { tensor: 'model.layers.1.self_attn.k_proj.weight', found: [32, 32], wanted: [16, 32] },
      })
    })

    it('tensors that the config does not account for', async () => {
      const shapes = { ...llama.shapes, 'model.layers.0.self_attn.q_proj.bias': [32] }
      expect(await broken(nothing, { shapes })).toMatchObject({
        code: 'model-invalid',
        message: expect.stringMatching(/"model.layers.0.self_attn.q_proj.bias"/),
      })
    })

    it('an output matrix that the config promises', async () => {
      const { 'lm_head.weight': _, ...shapes } = llama.shapes
      expect(await broken(nothing, { shapes })).toMatchObject({
        code: 'model-invalid',
        message: expect.stringMatching(/no output matrix/),
      })
    })

    it('weights that are cut off', async () => {
      const cut = (folder: string) => truncate(join(folder, 'model.safetensors'), 10_000)
      expect(await broken(cut)).toMatchObject({
        code: 'model-invalid',
        message: expect.stringMatching(/model\.safetensors.* ends at byte/),
      })
    })

    it('weights and configs that are not there', async () => {
      const gone = (name: string) => (folder: string) => rm(join(folder, name))
      expect(await broken(gone('model.safetensors'))).toMatchObject({ code: 'model-missing' })
      expect(await broken(gone('config.json'))).toMatchObject({ code: 'model-missing' })
      expect(await broken(gone('model-00002-of-00002.safetensors'), { shards: 2 })).toMatchObject({
        code: 'model-missing',
        message: expect.stringMatching(/model-00002-of-00002\.safetensors is missing/),
      })
    })

    it('values that are no numbers', async () => {
      const spoil = async (folder: string) => {
        const path = join(folder, 'model.safetensors')
        const bytes = await readFile(path)
        bytes.fill(0xff, bytes.length - 64)
        await writeFile(path, bytes)
      }
      expect(await broken(spoil, {}, 'q4')).toMatchObject({
        code: 'model-invalid',
        fields: { tensor: expect.any(String) },
      })
    })

    it('dtypes that nothing is imported as', async () => {
      await expect(importModel('anywhere', { dtype: 'q4f16' as never })).rejects.toThrow(/dtype is "q4f16"/)
    })
  })

  it('closes what it had opened when a part does not open', async () => {
    await using work = await madeFolder()
    await writeCheckpoint(work.path, llama)
    const imported = await importModel(work.path)
    await writeFile(join(imported, 'onnx/embed_tokens.onnx'), 'nothing')
    const runtime = createOnnxRuntime()
    const closed: string[] = []
    const watching: typeof runtime = {
      ...runtime,
      async open(model, options) {
        const session = await runtime.open(model, options)
        const close = async () => {
          closed.push('path' in model ? model.path : '')
          await session[Symbol.asyncDispose]()
        }
        return { ...session, [Symbol.asyncDispose]: close }
      },
    }
    const opening = openLanguageModel(imported, { runtime: watching, device: 'cpu', from: 'onnx' })
    await expect(opening).rejects.toMatchObject({ code: 'model-invalid' })
    expect(closed).toEqual([join(imported, 'onnx/decoder_model_merged.onnx')])
  })
})
