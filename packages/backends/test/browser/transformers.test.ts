import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { collect } from '@perstream/kit'
import type { Utterance } from '@perstream/spec'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTransformersCaptioner, createTransformersVisionEncoder } from '../../src/transformers'
import { frameOf, type LookAlikeFolder, lookAlikeFolder, picture } from '../../src/transformers/look-alikes'
import { goldenClips, samplesOf, whisperFolder, wordErrorRate } from '../../src/transformers/speech/golden-clips'
import { writeSmolVlm } from '../../src/transformers/tiny-smolvlm'
import { writeDinov2 } from '../../src/transformers/tiny-vision'
import { filesOf, findChromium, servePages } from './onnx-server'
import { decodeValue, encodeValue } from './tensor-text'

interface Page {
  hear(samples: string): Promise<readonly Utterance[]>
  see(device: string, image: string): Promise<string>
}

const executablePath = findChromium()

describe.skipIf(!executablePath)(
  `models of transformers.js's layout in Chromium${executablePath ? '' : ' (skipped: no chromium on PATH)'}`,
  () => {
    let browser: Browser
    let dinov2: LookAlikeFolder
    let smolvlm: LookAlikeFolder
    let served: Awaited<ReturnType<typeof servePages>>
    beforeAll(async () => {
      const args = ['--no-sandbox', '--disable-gpu-sandbox', '--enable-unsafe-webgpu']
      browser = await chromium.launch({ executablePath: executablePath!, args })
      dinov2 = await lookAlikeFolder()
      smolvlm = await lookAlikeFolder()
      await writeDinov2(dinov2)
      await writeSmolVlm(smolvlm)
      const detector = createRequire(import.meta.url).resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx')
      const files = {
        ...filesOf('/dinov2', dinov2.path),
        ...filesOf('/smolvlm', smolvlm.path),
        ...(whisperFolder && filesOf('/whisper', whisperFolder)),
        '/vad/silero_vad_v6.onnx': readFileSync(detector),
      }
      served = await servePages(files, ['transformers-page'])
    }, 120_000)
    afterAll(async () => {
      await browser?.close()
      served?.server.close()
      await Promise.all([dinov2?.remove(), smolvlm?.remove()])
    })

    /** Opens the page, which must not ask any other server for anything. */
    async function open() {
      const page = await browser.newPage()
      const asked: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      await page.goto(served.url)
      const close = async () => {
        await page.close()
        expect(asked.filter((url) => !url.startsWith(served.url) && !url.startsWith('blob:'))).toEqual([])
      }
      return { page, close }
    }

    it.each(['wasm', 'webgpu'])('see on %s what they see in Node', { timeout: 120_000 }, async (device) => {
      const image = picture(48, 32)
      const { page, close } = await open()
      const told = await page.evaluate(
        ([on, text]) => (globalThis as unknown as Page).see(on!, text!),
        [device, encodeValue(image)],
      )
      const { grid, text } = decodeValue(told) as { readonly grid: Float32Array; readonly text: string }
      const frame = frameOf(image, 0)
      await using encoder = await createTransformersVisionEncoder({ model: dinov2.path, device: 'cpu' })
      const [expected] = await encoder.encode([frame])
      expect(grid.length).toBe(expected!.data.length)
      expect(Math.max(...grid.map((value, i) => Math.abs(value - expected!.data[i]!)))).toBeLessThan(1e-4)
      const options = { model: smolvlm.path, device: 'cpu', prompt: 'What is here?', maxNewTokens: 12 } as const
      await using captioner = await createTransformersCaptioner(options)
      async function* moments() {
        yield { keyframes: [{ frame, reason: 'motion', motion: 1, sharpness: 1 }] } as const
      }
      const [moment] = await collect(captioner.caption(moments(), { source: 'walk' }))
      expect(text).toBe(moment!.captions[0]!.text)
      await close()
    })

    it.skipIf(!whisperFolder)(
      `hear what was said${whisperFolder ? '' : ' (skipped: no shared material)'}`,
      { timeout: 240_000 },
      async () => {
        const { page, close } = await open()
        for (const name of ['parcel', 'noise']) {
          const clip = goldenClips.find((one) => one.name === name)!
          const heard = await page.evaluate(
            (text) => (globalThis as unknown as Page).hear(text),
            encodeValue(samplesOf(clip)),
          )
          if (clip.spoken === undefined) expect(heard).toEqual([])
          else expect(wordErrorRate(heard.map(({ text }) => text).join(' '), clip.spoken)).toBeLessThan(0.1)
        }
        await close()
      },
    )
  },
)
