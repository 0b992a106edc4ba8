import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createUseLiteEncoder, createWinkTriplets } from '@perstream/lite'
import { createMemoryGraph, createVolatileStore } from '@perstream/pmg'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const built = fileURLToPath(new URL('../dist/', import.meta.url))
const executablePath = findChromium()
const required = (process.env.PERSTREAM_REQUIRE ?? '').split(/[\s,]+/).includes('chromium')
const skipped = executablePath ? '' : ' (skipped: no chromium on PATH)'
const texts = [
  'I parked the car on level 3 of the station garage.',
  'Anna lent me the green umbrella.',
  'Anna works at the bakery on Mill Street.',
  'My dentist is Dr. Weber.',
  'I put the passport in the blue drawer.',
  '<img src=x onerror="document.title=1"> is only text',
]

it.runIf(required)('finds the chromium that PERSTREAM_REQUIRE names', () => {
  expect(executablePath, 'no chromium, chromium-browser or google-chrome on PATH').toBeDefined()
})

describe.skipIf(!executablePath)(`the memory in a browser${skipped}`, () => {
  let browser: Browser
  let folder: string
  let lines: string[]
  let server: Server

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pmg-page-'))
    lines = await exported()
    await writeFile(join(folder, 'memory.jsonl'), lines.join('\n'))
    server = await serve()
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
    if (folder) await rm(folder, { recursive: true })
  })

  it('opens what the chat wrote, from a file, with no server and no request', async () => {
    const { page, faults } = await open(pathToFileURL(join(built, 'index.html')).href)
    await page.setInputFiles('#file', join(folder, 'memory.jsonl'))
    await page.locator('#memories li').nth(5).waitFor()
    expect(await page.locator('#summary').textContent()).toMatch(/^6 memories of \d+ things, \d+ relations\./)
    expect((await page.locator('#memories p').allTextContents()).sort()).toEqual([...texts].sort())
    expect(await page.locator('#graph circle').count()).toBeGreaterThan(5)
    expect(await page.locator('#graph .label').allTextContents()).toContain('Anna')
    await page.fill('#search', 'umbrella')
    await expect.poll(() => page.locator('#memories p').first().textContent()).toBe(texts[1])
    await page.locator('#memories button').first().click()
    await expect.poll(() => page.locator('#memories p').count()).toBeGreaterThan(2)
    expect(await page.locator('#memories p').first().textContent()).toBe(texts[1])
    await page.fill('#search', 'zebra')
    await expect.poll(() => page.locator('#memories').textContent()).toBe('Nothing of that.')
    await page.fill('#search', '')
    await expect.poll(() => page.locator('#memories p').count()).toBe(6)
    if (process.env.PERSTREAM_SCREENSHOTS)
      await page.screenshot({ path: join(process.env.PERSTREAM_SCREENSHOTS, 'pmg-page.png'), fullPage: true })
    expect(await page.title()).toBe('My memory')
    expect(faults).toEqual([])
    await page.close()
  })

  it('says what is wrong with a file, and keeps what was open', async () => {
    const { page } = await open(pathToFileURL(join(built, 'index.html')).href)
    await page.setInputFiles('#file', join(folder, 'memory.jsonl'))
    await page.locator('#memories li').nth(5).waitFor()
    await writeFile(join(folder, 'broken.jsonl'), `${lines[0]}\n{"type":`)
    await page.setInputFiles('#file', join(folder, 'broken.jsonl'))
    await page.locator('#problem').waitFor()
    expect(await page.locator('#problem').textContent()).toMatch(/^broken\.jsonl is not a memory: line 2 /)
    expect(await page.locator('#memories p').count()).toBe(6)
    await page.close()
  })

  it.each([
    ['with WebAssembly', "script-src 'self' 'wasm-unsafe-eval'"],
    ['where neither eval nor WebAssembly is allowed', "script-src 'self'"],
  ])('works in a worker, %s', async (_, policy) => {
    const { port } = server.address() as AddressInfo
    const { page, faults } = await open(`http://127.0.0.1:${port}/index.html?policy=${encodeURIComponent(policy)}`)
    const found = await page.evaluate(
      ({ lines, url }) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(url)
          worker.onmessage = ({ data }) => resolve(data)
          worker.onerror = ({ message }) => reject(new Error(message))
          worker.postMessage({ lines, question: 'Who lent me the umbrella?' })
        }),
      { lines, url: `worker.js?policy=${encodeURIComponent(policy)}` },
    )
    expect(found).toMatchObject({
      imported: 6,
      words: expect.arrayContaining([texts[1]]),
      like: expect.arrayContaining([texts[1]]),
    })
    expect(faults).toEqual([])
    await page.close()
  })

  /** Opens a page and collects what must not happen: errors, and requests for anything but its own files. */
  async function open(url: string): Promise<{ page: Page; faults: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1100, height: 800 } })
    const faults: string[] = []
    const own = new URL('.', url).href
    page.on('console', (message) => faults.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
    page.on('request', (request) => {
      if (!request.url().startsWith(own) && !request.url().startsWith('data:')) faults.push(`request: ${request.url()}`)
    })
    await page.goto(url)
    return { page, faults }
  }
})

async function exported(): Promise<string[]> {
  await using text = await createUseLiteEncoder()
  const triplets = createWinkTriplets()
  const graph = await createMemoryGraph({ store: createVolatileStore(), text })
  for (const each of texts)
    await graph.create([{ text: each, category: 'notes', origin: 'told', triplets: await triplets.extract(each) }])
  const lines: string[] = []
  for await (const line of graph.export()) lines.push(line)
  return lines
}

/** Serves the built page, each file under the policy that its address names. */
async function serve(): Promise<Server> {
  const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const policy = `default-src 'none'; style-src 'self'; img-src data:; worker-src 'self'; ${searchParams.get('policy') ?? "script-src 'self'"}`
    response.setHeader('content-type', types[extname(pathname)] ?? 'text/plain')
    response.setHeader('content-security-policy', policy)
    response.end(await readFile(join(built, pathname.slice(1))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}
