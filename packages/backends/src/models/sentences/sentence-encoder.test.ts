import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cosine, norm } from '@perstream/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../../onnx'
import { bertConfig, madeFolder } from '../made-checkpoint'
import { largestDifference, shared } from '../test-material'
import { bertReference } from './bert-reference'
import { idsOf, writeBertFolder } from './made-bert'
import { batchByLength } from './sentence-batches'
import { createSentenceEncoder } from './sentence-encoder'
import { serveFolder } from './serve-folder'
import { createServedSentenceEncoder } from './served-sentence-encoder'

const runtime = createOnnxRuntime()

describe('createSentenceEncoder', () => {
  it('computes what BERT is defined as, from safetensors, in batches of any lengths', async () => {
    await using work = await madeFolder()
    const weights = await writeBertFolder(work.path)
    await using encoder = await createSentenceEncoder({ folder: work.path, runtime, device: 'cpu', space: 'tiny' })
    expect(encoder).toMatchObject({ space: 'tiny', dimensions: 16 })
    const texts = ['w3', 'w4 w5 w6 w7 w8 w9 w10 w11', 'w12 w13', 'w29', 'w3 w3 w3', 'w20 w21 w22 w23 w24']
    const vectors = await encoder.encode(texts)
    texts.forEach((text, i) => {
      const rows = bertReference(bertConfig, weights, idsOf(text))
      const mean = rows[0]!.map((_, k) => rows.reduce((sum, row) => sum + row[k]!, 0) / rows.length)
      const length = Math.hypot(...mean)
      expect(
        largestDifference(
          vectors[i]!,
          mean.map((value) => value / length),
        ),
        text,
      ).toBeLessThan(2e-6)
    })
  })

  it('takes the first row where the folder says so', async () => {
    await using work = await madeFolder()
    const pooling = { '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false } }
    const weights = await writeBertFolder(work.path, pooling)
    await using encoder = await createSentenceEncoder({ folder: work.path, runtime, device: 'cpu' })
    const [vector] = await encoder.encode(['w7 w8'])
    const [first] = bertReference(bertConfig, weights, idsOf('w7 w8'))
    expect(
      largestDifference(
        vector!,
        first!.map((value) => value / Math.hypot(...first!)),
      ),
    ).toBeLessThan(2e-6)
  })

  it('cuts long texts and keeps their end, as often as the folder or the caller says', async () => {
    await using work = await madeFolder()
    await writeBertFolder(work.path, { 'sentence_bert_config.json': { max_seq_length: 6 } })
    await using encoder = await createSentenceEncoder({ folder: work.path, runtime, device: 'cpu' })
    const [long, cut, other] = await encoder.encode(['w5 w6 w7 w8 w9 w10 w11', 'w5 w6 w7 w8', 'w5 w6 w7'])
    expect(cosine(long!, cut!)).toBeCloseTo(1, 6)
    expect(cosine(long!, other!)).toBeLessThan(0.9999)
    const tooMany = createSentenceEncoder({ folder: work.path, runtime, maxTokens: 33 })
    await expect(tooMany).rejects.toThrow(/maxTokens is 33: this model takes 2 to 32/)
  })

  it('gives blank texts the zero vector, and refuses more texts than one call takes', async () => {
    await using work = await madeFolder()
    await writeBertFolder(work.path)
    await using encoder = await createSentenceEncoder({ folder: work.path, runtime, device: 'cpu' })
    const [empty, blank, word] = await encoder.encode(['', ' \n\t', 'w3'])
    expect([norm(empty!), norm(blank!)]).toEqual([0, 0])
    expect(norm(word!)).toBeCloseTo(1, 6)
    expect(await encoder.encode([])).toEqual([])
    await expect(encoder.encode(Array<string>(257).fill('w3'))).rejects.toThrow(/texts has 257 entries/)
    const reason = new Error('enough')
    await expect(encoder.encode(['w3'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('names what it cannot use', async () => {
    await using work = await madeFolder()
    const open = () => createSentenceEncoder({ folder: work.path, runtime, device: 'cpu' })
    await expect(open()).rejects.toMatchObject({ code: 'model-missing', fields: { file: 'config.json' } })
    await writeBertFolder(work.path, { '1_Pooling/config.json': { pooling_mode_max_tokens: true } })
    await expect(open()).rejects.toMatchObject({
      code: 'model-unsupported',
      fields: { modes: ['pooling_mode_max_tokens'] },
    })
    await writeFile(join(work.path, '1_Pooling/config.json'), '{}')
    await using encoder = await open()
    await expect(encoder.encode(['w35'])).rejects.toMatchObject({
      code: 'model-invalid',
      fields: { id: 35, vocabulary: 30 },
    })
    await writeFile(join(work.path, 'tokenizer.json'), '[')
    await expect(open()).rejects.toMatchObject({ code: 'model-invalid', fields: { file: 'tokenizer.json' } })
    await writeFile(join(work.path, 'config.json'), JSON.stringify({ ...bertConfig, model_type: 'llama' }))
    await expect(open()).rejects.toMatchObject({ code: 'model-unsupported', fields: { family: 'llama' } })
  })

  it.skipIf(!shared)('encodes as all-MiniLM-L6-v2 does (skipped without shared material)', async () => {
    const folder = join(shared!, 'models/all-MiniLM-L6-v2')
    const { sentences } = JSON.parse(await readFile(join(folder, 'golden.json'), 'utf8')) as {
      readonly sentences: readonly { readonly text: string; readonly embedding: readonly number[] }[]
    }
    await using encoder = await createSentenceEncoder({ folder, runtime, device: 'cpu' })
    expect(encoder).toMatchObject({ space: 'all-MiniLM-L6-v2', dimensions: 384 })
    const vectors = await encoder.encode(sentences.map(({ text }) => text))
    sentences.forEach(({ text, embedding }, i) => {
      if (text.trim() === '') expect(norm(vectors[i]!)).toBe(0)
      else expect(1 - cosine(vectors[i]!, Float32Array.from(embedding)), text.slice(0, 40)).toBeLessThan(2e-3)
    })
  })
})

describe('createServedSentenceEncoder', () => {
  it.skipIf(!shared)('encodes as from the folder (skipped without shared material)', async () => {
    const folder = join(shared!, 'models')
    await using server = await serveFolder(folder)
    const url = `${server.url}/all-MiniLM-L6-v2/`
    await using served = await createServedSentenceEncoder({ url, runtime, device: 'cpu', dtype: 'int8' })
    await using local = await createSentenceEncoder({
      folder: join(folder, 'all-MiniLM-L6-v2'),
      runtime,
      device: 'cpu',
    })
    expect(served.space).toBe('all-MiniLM-L6-v2')
    const texts = ['I left my keys on the table', 'The parcel arrived']
    const [found, wanted] = [await served.encode(texts), await local.encode(texts)]
    texts.forEach((text, i) => {
      expect(largestDifference(found[i]!, wanted[i]!), text).toBeLessThan(1e-6)
    })
    const nothing = createServedSentenceEncoder({ url: server.url, runtime })
    await expect(nothing).rejects.toMatchObject({ code: 'model-missing', fields: { file: 'config.json' } })
  })
})

describe('batchByLength', () => {
  it('puts every text into one batch that its length fits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 256 }), { maxLength: 256 }), (lengths) => {
        const batches = batchByLength(lengths)
        const places = batches.flatMap((batch) => batch.places).sort((a, b) => a - b)
        expect(places).toEqual(lengths.map((_, i) => i))
        for (const { places, length } of batches) {
          expect(Math.max(...places.map((place) => lengths[place]!))).toBe(length)
          expect(places.length === 1 || places.length * length <= 2048).toBe(true)
        }
      }),
    )
  })
})
