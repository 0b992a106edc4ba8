import { accessSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plainBytes } from '../plain-bytes'

const executablePath = findChromium()
const required = (process.env.PERSTREAM_REQUIRE ?? '').split(/[\s,]+/).includes('chromium')
const skipped = executablePath ? '' : ' (skipped: no chromium on PATH)'

it.runIf(required)('finds the chromium that PERSTREAM_REQUIRE names', () => {
  expect(executablePath, 'no chromium, chromium-browser or google-chrome on PATH').toBeDefined()
})

interface Answer {
  readonly value?: unknown
  readonly error?: string
  readonly code?: string
}

describe.skipIf(!executablePath)(`a store in a browser's private files${skipped}`, () => {
  let folder: string
  let server: Server
  let browser: Browser
  let context: BrowserContext
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pmg-opfs-'))
    await build({
      ...{ entry: [fileURLToPath(new URL('opfs-page.ts', import.meta.url))], outDir: folder, format: 'iife' },
      ...{ noExternal: [/./], config: false, silent: true, dts: false, platform: 'browser', target: 'es2022' },
    })
    server = await serve(folder)
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
    context = await browser.newContext()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    server?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function open(): Promise<Page> {
    const page = await context.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    return page
  }

  describe.each(['worker', 'page'] as const)('used from a %s', (place) => {
    const name = `memory of a ${place}`

    it('keeps what was written through a reload, and erases', async () => {
      const page = await open()
      const call = caller(page, place)
      expect(await call('open', 'write', name)).toEqual({ value: [] })
      await call('put', 1, ['one', 'ZYXSECRET', 'two'])
      await call('put', 2, ['three'])
      expect(await textOf(call, name)).toContain('ZYXSECRET')
      expect(await call('delete', 3, 'ZYXSECRET')).toEqual({})
      expect(await textOf(call, name)).not.toContain('ZYXSECRET')
      await call('put', 4, ['four'])
      await page.reload()
      const again = caller(page, place)
      expect(await again('open', 'write', name)).toEqual({ value: [] })
      expect((await again('load')).value).toEqual({ ids: ['four', 'one', 'three', 'two'], sequence: 4 })
      expect(await again('put', 5, ['five'])).toEqual({})
      const second = await open()
      const other = caller(second, place)
      expect(await other('open', 'write', name)).toMatchObject({ code: 'store-locked' })
      expect(await other('open', 'read', name)).toEqual({ value: [] })
      expect((await other('load')).value).toMatchObject({ sequence: 5 })
      expect(await other('put', 6, ['no'])).toMatchObject({ code: 'store-read-only' })
      expect(await other('open', 'read', 'none such')).toMatchObject({ code: 'input-invalid' })
      await again('close')
      expect(await other('open', 'write', name)).toEqual({ value: [] })
      expect(await other('verify', name)).toEqual({ value: true })
      await Promise.all([page.close(), second.close()])
    }, 60_000)

    it('keeps an index, which erasing takes away', async () => {
      const folder = `${name}, indexed`
      const [page, second] = [await open(), await open()]
      const [call, other] = [caller(page, place), caller(second, place)]
      expect(await call('open', 'write', folder)).toEqual({ value: [] })
      await call('put', 1, ['one', 'ZYXSECRET', 'two'])
      expect(await call('readIndex')).toEqual({})
      expect(await call('keepIndex', 'of ZYXSECRET')).toEqual({})
      await call('put', 2, ['three'])
      await other('open', 'read', folder)
      for (const each of [call, other]) {
        expect(await each('readIndex')).toEqual({ value: { sequence: 1, words: 'of ZYXSECRET' } })
        expect(await each('embeddings', ['one', 'two', 'three'])).toEqual({ value: ['one', 'two'] })
      }
      await other('readIndex')
      expect(await call('delete', 3, 'ZYXSECRET')).toEqual({})
      expect(await textOf(call, folder)).not.toContain('ZYXSECRET')
      expect(await other('embeddings', ['one'])).toMatchObject({ code: 'store-changed' })
      expect(await other('readIndex')).toEqual({})
      expect(await call('keepIndex', 'again')).toEqual({})
      expect(await other('readIndex')).toEqual({ value: { sequence: 3, words: 'again' } })
      expect(await other('embeddings', ['one', 'ZYXSECRET', 'three'])).toEqual({ value: ['one', 'three'] })
      expect(await other('keepIndex', 'no')).toMatchObject({ code: 'store-read-only' })
      expect(await other('verify', folder)).toEqual({ value: true })
      await Promise.all([page.close(), second.close()])
    }, 60_000)

    it('loses nothing that was acknowledged when its tab is closed while it writes', async () => {
      let last = 0
      for (let round = 0; round < 5; round++) {
        const page = await open()
        const acknowledged: number[] = []
        await page.exposeFunction('onAcknowledged', (value: { acknowledged: number }) =>
          acknowledged.push(value.acknowledged),
        )
        const call = caller(page, place)
        const opened = await openWhenFree(() => call('open', 'write', `${name}, killed`, 3000))
        expect((opened.value as string[]).every((code) => code === 'journal-tail-cut')).toBe(true)
        const { ids, sequence } = (await call('load')).value as { ids: string[]; sequence: number }
        expect(sequence).toBeGreaterThanOrEqual(last)
        expect(ids.length).toBe(sequence)
        void call('fill', sequence + 1).catch(() => undefined)
        await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(0)
        await wait(round * 40)
        await page.close({ runBeforeUnload: false })
        last = acknowledged.at(-1)!
      }
    }, 60_000)
  })
})

/** The browser lets go of a lock a moment after the tab is gone. */
async function openWhenFree(open: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await open()
    if (answer.code !== 'store-locked' || attempt === 100) return answer
    await wait(20)
  }
}

function caller(page: Page, place: 'worker' | 'page') {
  return (name: string, ...args: unknown[]) =>
    page.evaluate(
      ([where, what, values]) =>
        (globalThis as unknown as Record<string, (name: string, args: unknown[]) => Promise<unknown>>)[
          where === 'worker' ? 'callWorker' : 'call'
        ]!(what as string, values as unknown[]),
      [place, name, args] as const,
    ) as Promise<Answer>
}

const html = `<!doctype html><meta charset="utf-8"><script src="/script.js"></script><script>
let worker, count = 0
const waiting = new Map()
globalThis.callWorker = (name, args) => {
  worker ??= Object.assign(new Worker('/script.js'), {
    onmessage({ data }) {
      if (data.acknowledged) return globalThis.onAcknowledged?.(data)
      waiting.get(data.id)(data.answer)
    },
  })
  return new Promise((resolve) => {
    waiting.set(++count, resolve)
    worker.postMessage({ id: count, name, args })
  })
}
</script>`

async function serve(folder: string): Promise<Server> {
  const script = await readFile(join(folder, 'opfs-page.global.js'))
  const server = createServer((request, response) => {
    const isScript = request.url === '/script.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : html)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return server
}

function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const paths = (process.env.PATH ?? '').split(delimiter).flatMap((path) => names.map((name) => join(path, name)))
  return paths.find((path) => {
    try {
      accessSync(path)
      return true
    } catch {
      return false
    }
  })
}

/** All that is in the files of a store, to search for words. */
async function textOf(call: ReturnType<typeof caller>, name: string): Promise<string> {
  return plainBytes(Buffer.from(String((await call('text', name)).value), 'latin1'))
}
