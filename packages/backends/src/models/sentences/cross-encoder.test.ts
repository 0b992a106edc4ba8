import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rerankerContract } from '@perstream/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../../onnx'
import { importModel } from '../import/import-model'
import { bertConfig, madeFolder } from '../made-checkpoint'
import { bertReference } from './bert-reference'
import { createCrossEncoder } from './cross-encoder'
import { idsOf, writeBertFolder, writeCrossEncoderFolder } from './made-bert'
import { createSentenceEncoder } from './sentence-encoder'
import { serveFolder } from './serve-folder'
import { createServedCrossEncoder } from './served-cross-encoder'

const runtime = createOnnxRuntime()

/** What the head gives for a pair, in double precision. */
function referenceScore(weights: ReadonlyMap<string, Float32Array>, question: string, text: string): number {
  const own = new Map([...weights].map(([name, values]) => [name.replace(/^bert\./, ''), values]))
  const [first, second] = [idsOf(question), idsOf(text).slice(1)]
  const segments = [...first.map(() => 0), ...second.map(() => 1)]
  const [row] = bertReference(bertConfig, own, [...first, ...second], segments)
  const linear = (x: readonly number[], name: string) =>
    Array.from(own.get(`${name}.bias`)!, (bias, out) =>
      x.reduce((sum, value, k) => sum + value * own.get(`${name}.weight`)![out * x.length + k]!, bias),
    )
  return linear(linear(row!, 'pooler.dense').map(Math.tanh), 'classifier')[0]!
}

const question = 'w20 w21'
const texts = ['w3', 'w4 w5 w6 w7 w8 w9 w10 w11', 'w12 w13', 'w20 w21 w22 w23 w24', 'w29']

describe('createCrossEncoder', () => {
  it('computes what a classifier over BERT is defined as, from safetensors', async () => {
    await using work = await madeFolder()
    const weights = await writeCrossEncoderFolder(work.path)
    await using reranker = await createCrossEncoder({ folder: work.path, runtime, device: 'cpu' })
    const scores = await reranker.score(question, texts)
    texts.forEach((text, i) => {
      expect(scores[i], text).toBeCloseTo(referenceScore(weights, question, text), 5)
    })
    expect(new Set(scores).size).toBe(texts.length)
  })

  it('cuts the text of a pair that is too long, and not the question', async () => {
    await using work = await madeFolder()
    const weights = await writeCrossEncoderFolder(work.path)
    await using reranker = await createCrossEncoder({ folder: work.path, runtime, device: 'cpu', maxTokens: 8 })
    const [score] = await reranker.score(question, ['w3 w4 w5 w6 w7 w8'])
    expect(score).toBeCloseTo(referenceScore(weights, question, 'w3 w4 w5'), 5)
  })

  it('reads a ready-made model of an onnx folder, from disk and from a URL', async () => {
    await using work = await madeFolder()
    await writeCrossEncoderFolder(join(work.path, 'published'))
    const folder = join(work.path, 'ready')
    const imported = await importModel(join(work.path, 'published'))
    await mkdir(folder)
    await cp(join(imported, 'onnx'), join(folder, 'onnx'), { recursive: true, dereference: true })
    for (const name of ['config.json', 'tokenizer.json'])
      await writeFile(join(folder, name), await readFile(join(work.path, 'published', name)))
    expect(await readdir(join(folder, 'onnx'))).toContain('model.onnx')
    await using local = await createCrossEncoder({ folder, from: 'onnx', runtime, device: 'cpu' })
    await using server = await serveFolder(work.path)
    await using served = await createServedCrossEncoder({ url: `${server.url}/ready/`, runtime, device: 'cpu' })
    const wanted = await local.score(question, texts)
    expect(await served.score(question, texts)).toEqual(wanted)
  })

  it('names what it cannot use, and what else opens it', async () => {
    await using work = await madeFolder()
    const [cross, sentences, classes] = ['cross', 'sentences', 'classes'].map((name) => join(work.path, name))
    await writeCrossEncoderFolder(cross!)
    await writeBertFolder(sentences!)
    await writeCrossEncoderFolder(classes!, { id2label: { 0: 'no', 1: 'yes' } })
    const options = { runtime, device: 'cpu' } as const
    await expect(createCrossEncoder({ folder: sentences!, ...options })).rejects.toMatchObject({
      code: 'model-unsupported',
      message: expect.stringContaining('open it with createSentenceEncoder') as string,
    })
    await expect(createSentenceEncoder({ folder: cross!, ...options })).rejects.toMatchObject({
      code: 'model-unsupported',
      message: expect.stringContaining('open it with createCrossEncoder') as string,
    })
    await expect(createCrossEncoder({ folder: classes!, ...options })).rejects.toMatchObject({
      code: 'model-unsupported',
      fields: { key: 'id2label' },
    })
    await using reranker = await createCrossEncoder({ folder: cross!, ...options })
    await expect(reranker.score('w35', ['w3'])).rejects.toMatchObject({ code: 'model-invalid', fields: { id: 35 } })
  })
})

describe('a small cross-encoder', async () => {
  const work = await madeFolder()
  await writeCrossEncoderFolder(work.path)
  const reranker = await createCrossEncoder({ folder: work.path, runtime, device: 'cpu' })
  afterAll(async () => {
    await reranker[Symbol.asyncDispose]()
    await work[Symbol.asyncDispose]()
  })
  rerankerContract(() => reranker)
})
