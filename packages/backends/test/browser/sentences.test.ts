import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cosine } from '@perstream/kit'
import { chromium, type Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { importModel } from '../../src/models/import/import-model'
import { madeFolder } from '../../src/models/made-checkpoint'
import { createCrossEncoder } from '../../src/models/sentences/cross-encoder'
import { writeCrossEncoderFolder } from '../../src/models/sentences/made-bert'
import { shared } from '../../src/models/test-material'
import { createOnnxRuntime } from '../../src/onnx'
import { findChromium, servePages } from './onnx-server'
import type { PageFunctions } from './sentences-page'

const executablePath = findChromium()
const noChromium = executablePath === undefined ? ' (skipped: no chromium on PATH)' : ''
const noMaterial = shared === undefined ? ' (skipped: no shared material)' : ''
const names = [
  ...['config.json', 'tokenizer.json', 'tokenizer_config.json', 'sentence_bert_config.json', '1_Pooling/config.json'],
  'onnx/model_quantized.onnx',
]

/** Serves the files of a model, and uses the page that opens it. */
async function inPage<Value>(
  files: Readonly<Record<string, Buffer>>,
  use: (page: Page) => Promise<Value>,
): Promise<Value> {
  const served = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`/model/${name}`, bytes]))
  const { url, server } = await servePages(served, ['sentences-page'])
  const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    await page.goto(url)
    return await use(page)
  } finally {
    await browser.close()
    server.close()
  }
}

describe.skipIf(noChromium)(`in Chromium${noChromium}`, () => {
  it.skipIf(noMaterial)(`sentences are encoded as by all-MiniLM-L6-v2${noMaterial}`, { timeout: 120_000 }, async () => {
    const folder = join(shared!, 'models/all-MiniLM-L6-v2')
    const { sentences } = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as {
      readonly sentences: readonly { readonly text: string; readonly embedding: readonly number[] }[]
    }
    const told = sentences.filter(({ text }) => text.trim() !== '')
    const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]))
    const vectors = await inPage(files, (page) =>
      page.evaluate(
        (texts) => (globalThis as unknown as PageFunctions).encode(texts),
        told.map(({ text }) => text),
      ),
    )
    told.forEach(({ text, embedding }, i) => {
      const near = cosine(Float32Array.from(vectors[i]!), Float32Array.from(embedding))
      expect(1 - near, text.slice(0, 40)).toBeLessThan(2e-3)
    })
  })

  it('a cross-encoder scores as it does in Node', { timeout: 120_000 }, async () => {
    await using work = await madeFolder()
    await writeCrossEncoderFolder(work.path)
    const imported = join(await importModel(work.path), 'onnx')
    const files = Object.fromEntries([
      ...['config.json', 'tokenizer.json'].map((name) => [name, readFileSync(join(work.path, name))]),
      ...readdirSync(imported).map((name) => [`onnx/${name}`, readFileSync(join(imported, name))]),
    ])
    const [question, texts] = ['w20 w21', ['w3', 'w4 w5 w6 w7 w8 w9', 'w12 w13']]
    await using reranker = await createCrossEncoder({ folder: work.path, runtime: createOnnxRuntime(), device: 'cpu' })
    const wanted = await reranker.score(question, texts)
    const scores = await inPage(files, (page) =>
      page.evaluate(([asked, read]) => (globalThis as unknown as PageFunctions).score(asked, read), [
        question,
        texts,
      ] as const),
    )
    texts.forEach((text, i) => {
      expect(scores[i], text).toBeCloseTo(wanted[i]!, 4)
    })
  })
})
