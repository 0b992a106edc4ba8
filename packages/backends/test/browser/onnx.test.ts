import type { Server } from 'node:http'
import { tensorRuntimeContract } from '@perstream/conformance'
import { createGraph, encodeModel, type GraphValue } from '@perstream/onnx'
import type { Tensor } from '@perstream/spec'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../../src/onnx'
import { findChromium, servePages } from './onnx-server'
import { callPage, remoteRuntime } from './remote-runtime'

const executablePath = findChromium()
const required = (process.env.PERSTREAM_REQUIRE ?? '').split(/[\s,]+/).includes('chromium')
const skipped = executablePath ? '' : ' (skipped: no chromium on PATH)'

it.runIf(required)('finds the chromium that PERSTREAM_REQUIRE names', () => {
  expect(executablePath, 'no chromium, chromium-browser or google-chrome on PATH').toBeDefined()
})

const graph = createGraph()
const weights = graph.external('W', 'float32', [2, 2], { location: 'model.bin', offset: 0, length: 16 })
graph.output('y', graph.node('MatMul', [graph.input('x', 'float32', [1, 2]), weights]), 'float32', [1, 2])
const files = {
  '/models/tiny/onnx/model_q4.onnx': encodeModel(graph.build()),
  '/models/tiny/onnx/model.bin': new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer),
}
const x: Tensor = { type: 'float32', shape: [1, 2], data: Float32Array.of(10, 1) }

function longModel(): Uint8Array {
  const long = createGraph()
  let value: GraphValue = long.input('x', 'float32', [1024, 1024])
  for (let i = 0; i < 600; i++) value = long.node('MatMul', [value, value])
  long.output('y', value, 'float32', [1024, 1024])
  return encodeModel(long.build())
}

describe.skipIf(!executablePath)(`in Chromium${skipped}`, () => {
  let server: Server
  let browser: Browser
  let page: Page
  let url: string
  beforeAll(async () => {
    const served = await servePages(files)
    server = served.server
    url = served.url
    const args = ['--no-sandbox', '--disable-gpu-sandbox', '--enable-unsafe-webgpu']
    browser = await chromium.launch({ executablePath: executablePath!, args })
    page = await browser.newPage()
    await page.goto(url)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  for (const place of ['page', 'worker'] as const) {
    for (const device of ['wasm', 'webgpu'] as const) {
      let made = 0
      const runtimes = () => {
        const both = [remoteRuntime(page, { place }), remoteRuntime(page, { place })]
        return () => both[made++ % 2]!
      }
      let create: ReturnType<typeof runtimes> | undefined
      tensorRuntimeContract(`ONNX Runtime in a ${place} of Chromium`, {
        create() {
          create ??= runtimes()
          return create()
        },
        device,
        reference: () => createOnnxRuntime({ threads: 1, worker: false }),
        tolerance: 1e-5,
      })
    }
  }

  it('runs two threads on an isolated page that was built for production', async () => {
    const fresh = await browser.newPage()
    await fresh.goto(url)
    expect(await fresh.evaluate('crossOriginIsolated')).toBe(true)
    const runtime = remoteRuntime(fresh, { place: 'page', threads: 2 })
    const session = await runtime.open({ url: '/models/tiny/onnx/model_q4.onnx' }, { device: 'wasm' })
    expect([...(await session.run({ x })).y!.data]).toEqual([13, 24])
    expect(fresh.workers().length).toBeGreaterThan(0)
    await fresh.close()
  })

  it('refuses threads that would never start', async () => {
    const making = callPage(page, 'runtime', [{ place: 'page', threads: 2, bare: true }])
    await expect(making).rejects.toThrow(/threads is 2.*wasmPaths/)
  })

  it('opens folders and their weights by URL, and says what is missing', async () => {
    const runtime = remoteRuntime(page, { place: 'worker' })
    await using session = await runtime.open({ folder: '/models/tiny' }, { device: 'wasm' })
    expect([...(await session.run({ x })).y!.data]).toEqual([13, 24])
    const missing = { code: 'model-missing', message: expect.stringContaining('/models/none') }
    await expect(runtime.open({ folder: '/models/none' }, { device: 'wasm' })).rejects.toMatchObject(missing)
  })

  it('takes wasm rather than a software adapter, and says why', async () => {
    const runtime = await callPage<number>(page, 'runtime', [{ place: 'page' }])
    const chosen = await callPage<{ device: string; reason: string }>(page, 'choose', [runtime])
    expect(chosen).toEqual({ device: 'wasm', reason: expect.stringContaining('its adapter is software') })
  })

  it('tells when a worker never answers, or a run does not end in time, and goes on in a new one', async () => {
    const lost = { code: 'device-lost', message: expect.stringContaining('did not end within') }
    const silent = remoteRuntime(page, { place: 'worker', script: '/silent.js', watchdogSeconds: 1 })
    await expect(silent.open({ folder: '/models/tiny' }, { device: 'wasm' })).rejects.toMatchObject(lost)
    const runtime = remoteRuntime(page, { place: 'worker', watchdogSeconds: 12 })
    const long = await runtime.open({ bytes: longModel() }, { device: 'wasm' })
    const wide = { type: 'float32', shape: [1024, 1024], data: new Float32Array(1024 * 1024) } as const
    await expect(long.run({ x: wide })).rejects.toMatchObject(lost)
    await expect(long.run({ x: wide })).rejects.toMatchObject({ code: 'device-lost' })
    await long[Symbol.asyncDispose]()
    await using session = await runtime.open({ folder: '/models/tiny' }, { device: 'wasm' })
    expect([...(await session.run({ x })).y!.data]).toEqual([13, 24])
  })

  it('tells when the GPU is lost', async () => {
    const fresh = await browser.newPage()
    await fresh.goto(url)
    const runtime = remoteRuntime(fresh, { place: 'page' })
    const session = await runtime.open({ folder: '/models/tiny' }, { device: 'webgpu' })
    await session.run({ x })
    await callPage(fresh, 'loseDevice', [])
    await expect(session.run({ x })).rejects.toMatchObject({ code: 'device-lost' })
    await fresh.close()
  })
})
