import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cosine } from '@perstream/kit'
import { chromium } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { shared } from '../../src/models/test-material'
import { findChromium, servePages } from './onnx-server'

const executablePath = findChromium()
const reason = shared === undefined ? ' (skipped: no shared material)' : ' (skipped: no chromium on PATH)'
const able = shared !== undefined && executablePath !== undefined
const names = [
  ...['config.json', 'tokenizer.json', 'tokenizer_config.json', 'sentence_bert_config.json', '1_Pooling/config.json'],
  'onnx/model_quantized.onnx',
]

describe.skipIf(!able)(`sentences in Chromium${able ? '' : reason}`, () => {
  it('are encoded as by all-MiniLM-L6-v2', { timeout: 120_000 }, async () => {
    const folder = join(shared!, 'models/all-MiniLM-L6-v2')
    const { sentences } = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as {
      readonly sentences: readonly { readonly text: string; readonly embedding: readonly number[] }[]
    }
    const told = sentences.filter(({ text }) => text.trim() !== '')
    const files = Object.fromEntries(names.map((name) => [`/model/${name}`, readFileSync(join(folder, name))]))
    const { url, server } = await servePages(files, ['sentences-page'])
    const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
    try {
      const page = await browser.newPage()
      await page.goto(url)
      const vectors = await page.evaluate(
        (texts) => (globalThis as unknown as { encode(texts: string[]): Promise<number[][]> }).encode(texts),
        told.map(({ text }) => text),
      )
      told.forEach(({ text, embedding }, i) => {
        const near = cosine(Float32Array.from(vectors[i]!), Float32Array.from(embedding))
        expect(1 - near, text.slice(0, 40)).toBeLessThan(2e-3)
      })
    } finally {
      await browser.close()
      server.close()
    }
  })
})
