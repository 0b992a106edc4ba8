import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shared } from '../../src/models/test-material'
import { difference, modelFolder, readGolden, turnsOf } from '../golden'
import { filesOf, findChromium, servePages } from './onnx-server'
import { decodeValue, encodeValue } from './tensor-text'

const executablePath = findChromium()
const reason = shared === undefined ? ' (skipped: no shared material)' : ' (skipped: no chromium on PATH)'
const able = shared !== undefined && executablePath !== undefined

describe.skipIf(!able)(`writing in Chromium${able ? '' : reason}`, () => {
  let browser: Browser
  beforeAll(async () => {
    const args = ['--no-sandbox', '--disable-gpu-sandbox', '--enable-unsafe-webgpu']
    browser = await chromium.launch({ executablePath: executablePath!, args })
  }, 60_000)
  afterAll(() => browser?.close())

  for (const name of ['tiny-qwen3-vl', 'tiny-qwen2.5-omni-thinker']) {
    for (const device of ['wasm', 'webgpu'] as const) {
      it(`${name} on ${device} gives the golden tokens`, { timeout: 300_000 }, async () => {
        const golden = await readGolden(name)
        const cases = [golden.pixel_cases[1]!, golden.injected_cases[4]!]
        const { url, server } = await servePages(filesOf('/model', modelFolder(name)), ['generation-page'])
        const page = await browser.newPage()
        try {
          await page.goto(url)
          const space = `${familyOf(name)}-64`
          const prompts = encodeValue(cases.map((each) => turnsOf(golden, each, space)))
          const reply = await page.evaluate(
            ([on, text]) =>
              (globalThis as unknown as { write(device: string, text: string): Promise<string> }).write(on!, text!),
            [device, prompts],
          )
          const found = decodeValue(reply) as { device: string; tokens: number[][]; grid: Float32Array }
          expect(found.device).toBe(device)
          expect(found.tokens).toEqual(cases.map(({ greedy_tokens }) => greedy_tokens))
          const tolerance = device === 'wasm' ? 1e-4 : 1e-2
          expect(difference(found.grid, golden.floats('image_features.B'))).toBeLessThan(tolerance)
        } finally {
          await page.close()
          server.close()
        }
      })
    }
  }
})

function familyOf(name: string): string {
  return (
    { '2-vl': 'qwen2_vl', '2.5-vl': 'qwen2_5_vl', '3-vl': 'qwen3_vl' }[name.replace('tiny-qwen', '')] ?? 'qwen2_5_omni'
  )
}
