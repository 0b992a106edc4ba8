import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHub, type Hub, type HubOptions } from '../src/hub'
import { type HubServer, startHub } from './hub-server'

/** Bytes that no two places share. */
function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(length / 32) * 32)
  for (let i = 0; i < bytes.length / 32; i++) bytes.set(createHash('sha256').update(String(i)).digest(), i * 32)
  return bytes.subarray(0, length)
}

const weights = randomBytes(300_000)
const files = { 'config.json': Buffer.from('{"a":1}'), 'onnx/model.onnx': weights, 'empty.txt': new Uint8Array() }
const total = weights.length + 7
const id = 'owner/model'

let server: HubServer
let cacheFolder: string

beforeEach(async () => {
  server = await startHub(files)
  cacheFolder = await mkdtemp(join(tmpdir(), 'perstream-hub-'))
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  await rm(cacheFolder, { recursive: true })
})

const open = (options: Partial<HubOptions> = {}): Hub =>
  createHub({ cacheFolder, endpoint: server.endpoint, retrySeconds: 0.01, retries: 3, ...options })
const parts = async () =>
  (await readdir(join(cacheFolder, 'models--owner--model/perstream')).catch(() => [])).filter((name) =>
    name.endsWith('.part'),
  )
const received = () => server.seen.filter((request) => request.server === 'store').map(({ sent }) => sent)
async function check(folder: string): Promise<void> {
  for (const [name, bytes] of Object.entries(files))
    expect(await readFile(join(folder, name))).toEqual(Buffer.from(bytes))
}
async function finalNames(): Promise<string[]> {
  const folder = join(cacheFolder, 'models--owner--model/snapshots', server.commit)
  return (await readdir(folder, { recursive: true }).catch(() => [])).sort()
}

describe('pull', () => {
  it('downloads a model of one commit, and tells how far it is', async () => {
    const done: number[] = []
    const pulled = await open().pull(id, { onProgress: (progress) => done.push(progress.done, progress.total!) })
    expect(pulled).toEqual({ id, commit: server.commit, folder: pulled.folder, files: Object.keys(files) })
    await check(pulled.folder)
    expect(done.at(-2)).toBe(total)
    expect(new Set(done.filter((_, i) => i % 2 === 1))).toEqual(new Set([total]))
    expect(done.filter((_, i) => i % 2 === 0).every((value, i, all) => i === 0 || value >= all[i - 1]!)).toBe(true)
    expect(
      server.seen.slice(1).every(({ server: which, path }) => which === 'store' || path.includes(server.commit)),
    ).toBe(true)
    expect(await parts()).toEqual([])
  })

  it('downloads nothing again, and takes the files that are wanted', async () => {
    await open().pull(id, { files: ['config.json'] })
    expect(await finalNames()).toEqual(['config.json'])
    const before = server.seen.length
    const { files: chosen } = await open().pull(id, { files: (path) => path.endsWith('.json') })
    expect(chosen).toEqual(['config.json'])
    expect(server.seen.slice(before).map(({ path }) => path)).toEqual([expect.stringContaining('/api/')])
    await expect(open().pull(id, { files: ['none'] })).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('goes on after cuts, by ranges of the same version', async () => {
    // What has come, but was not read yet, is lost with the connection: slow enough, most of it is read.
    server.faults.push(
      { path: 'model.onnx', cutAfter: 100_000, slow: 50 },
      { path: 'model.onnx', cutAfter: 120_000, slow: 50 },
    )
    const { folder } = await open().pull(id)
    await check(folder)
    const requests = server.seen.filter((request) => request.server === 'store')
    expect(requests.length).toBe(3)
    expect(requests[1]!.headers.range).toMatch(/^bytes=\d+-$/)
    expect(requests[1]!.headers['if-range']).toMatch(/^"store-/)
    const starts = requests.map(({ headers }) => Number(/\d+/.exec(headers.range ?? '0')![0]))
    expect(starts[1]).toBeGreaterThan(0)
    expect(starts[2]).toBeGreaterThan(starts[1]!)
    expect(requests[2]!.sent).toBe(weights.length - starts[2]!)
  })

  it('goes on in another call after it was stopped, and leaves nothing half under its name', async () => {
    server.faults.push({ path: 'model.onnx', slow: 20 })
    const stop = new AbortController()
    const reason = new Error('enough')
    const pulling = open().pull(id, {
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done > 50_000) stop.abort(reason)
      },
    })
    await expect(pulling).rejects.toBe(reason)
    expect(await finalNames()).not.toContain('onnx/model.onnx')
    expect((await parts()).length).toBe(1)
    await check((await open().pull(id)).folder)
    expect(received().at(-1)).toBeLessThan(weights.length - 40_000)
    expect(await parts()).toEqual([])
  })

  const awkward = [
    ['ignores ranges', { ignoreRange: true }],
    ['gives another range', { wrongRange: true }],
  ] as const
  it.each(awkward)('starts anew with a server that %s', async (_, fault) => {
    server.faults.push({ path: 'model.onnx', cutAfter: 100_000 }, { path: 'model.onnx', ...fault })
    await check((await open().pull(id)).folder)
  })

  it('starts anew when a piece of an earlier download is damaged', async () => {
    const folder = join(cacheFolder, 'models--owner--model/perstream')
    await mkdir(folder, { recursive: true })
    const sum = createHash('sha256').update(weights).digest('hex').slice(0, 16)
    await writeFile(join(folder, `${sum}....x.part`), new Uint8Array(200_000))
    await check((await open().pull(id)).folder)
    expect(received()).toEqual([100_000, 300_000])
  })

  it('counts a connection on which nothing comes as cut', async () => {
    server.faults.push({ path: 'model.onnx', stallAfter: 50_000 })
    await check((await open({ idleSeconds: 0.2 }).pull(id)).folder)
    expect(received().length).toBe(2)
  })

  it('refuses a wrong checksum, and gives nothing a name', async () => {
    server.faults.push({ path: 'model.onnx', corrupt: true })
    const found = expect.stringMatching(/^[0-9a-f]{64}$/)
    await expect(open().pull(id)).rejects.toMatchObject({
      code: 'model-invalid',
      fields: { file: 'onnx/model.onnx', found },
    })
    expect(await finalNames()).not.toContain('onnx/model.onnx')
    expect(await parts()).toEqual([])
    server.faults.push({ path: 'config.json', corrupt: true })
    await rm(cacheFolder, { recursive: true })
    await expect(open().pull(id)).rejects.toMatchObject({ code: 'model-invalid', fields: { file: 'config.json' } })
    await check((await open().pull(id)).folder)
  })

  it('refuses more bytes than the listing says', async () => {
    server.faults.push({ path: 'model.onnx', tooLong: true })
    await expect(open().pull(id)).rejects.toMatchObject({ code: 'reply-invalid' })
    expect(await parts()).toEqual([])
  })

  it('lets several hubs and calls pull at once', async () => {
    server.faults.push({ path: 'model.onnx', slow: 2 }, { path: 'model.onnx', slow: 1 })
    const one = open()
    const pulled = await Promise.all([one.pull(id), one.pull(id), open().pull(id)])
    for (const { folder } of pulled) await check(folder)
    expect(await parts()).toEqual([])
  })
})

describe('killed processes', () => {
  const program = fileURLToPath(new URL('fixtures/pull.mjs', import.meta.url))
  const start = () =>
    spawn(process.execPath, [program, server.endpoint, cacheFolder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = (child: ReturnType<typeof start>) => new Promise<number | null>((resolve) => child.on('close', resolve))

  it('leave no half file under its name, and the next one goes on', async () => {
    server.faults.push({ path: 'model.onnx', slow: 30 })
    const child = start()
    for await (const line of child.stdout) if (Number.parseInt(String(line), 10) > 60_000) break
    child.kill('SIGKILL')
    await ended(child)
    expect(await finalNames()).not.toContain('onnx/model.onnx')
    expect((await parts()).length).toBe(1)
    const next = start()
    expect(await ended(next)).toBe(0)
    const folder = join(cacheFolder, 'models--owner--model/snapshots', server.commit)
    await check(folder)
    expect(received().at(-1)).toBeLessThanOrEqual(weights.length - 60_000)
    expect(await parts()).toEqual([])
  })

  it('two at once do not harm each other', async () => {
    server.faults.push({ path: 'model.onnx', slow: 5 }, { path: 'model.onnx', slow: 3 })
    expect(await Promise.all([ended(start()), ended(start())])).toEqual([0, 0])
    await check(join(cacheFolder, 'models--owner--model/snapshots', server.commit))
    expect(await parts()).toEqual([])
  })

  it.skipIf(process.platform === 'win32')(
    'a disk that takes no more is store-full, and what is there is kept',
    async () => {
      // Files of this shell end after 100 blocks of 1024 bytes.
      const limited = `trap '' XFSZ; ulimit -f 100; exec "$@"`
      const child = spawn('bash', ['-c', limited, 'bash', process.execPath, program, server.endpoint, cacheFolder])
      let said = ''
      child.stdout.on('data', (chunk) => {
        said += chunk
      })
      expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1)
      expect(said.trim().split('\n').at(-1)).toBe('store-full')
      expect(await finalNames()).not.toContain('onnx/model.onnx')
      await check((await open().pull(id)).folder)
      expect(received().at(-1)).toBe(weights.length - 100 * 1024)
    },
  )

  it('a piece that nobody has written for long is taken over', async () => {
    const folder = join(cacheFolder, 'models--owner--model/perstream')
    await mkdir(folder, { recursive: true })
    const sum = createHash('sha256').update(weights).digest('hex').slice(0, 16)
    const [old, fresh] = [join(folder, `${sum}..elsewhere.1.a.part`), join(folder, `${sum}..elsewhere.2.b.part`)]
    for (const path of [old, fresh]) await writeFile(path, weights.subarray(0, 250_000))
    await utimes(old, new Date(), new Date(Date.now() - 3_600_000))
    await check((await open().pull(id)).folder)
    expect(received()).toEqual([50_000])
    expect(await parts()).toEqual([`${sum}..elsewhere.2.b.part`])
  })
})

describe('failures of the hub', () => {
  const cases = [
    [401, 'service-refused', /token/],
    [403, 'service-refused', /token/],
    [404, 'model-missing', /no such model/],
    [500, 'service-failed', /try again/],
    [503, 'service-failed', /try again/],
    [429, 'service-limited', /too many requests/],
  ] as const
  it.each(cases)('%i is %s', async (status, code, message) => {
    for (let i = 0; i < 9; i++) server.faults.push({ path: '/api/', status })
    await expect(open().pull(id)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect(server.seen.length).toBe(status < 429 ? 1 : 4)
  })

  it('waits as long as a hub that is busy asks for', async () => {
    server.faults.push({ path: '/api/', status: 429, headers: { 'retry-after': '1' } })
    server.faults.push({ path: 'config.json', status: 503 })
    const start = performance.now()
    await check((await open().pull(id)).folder)
    expect(performance.now() - start).toBeGreaterThan(990)
  })

  it('does not wait when it would take too long, and says for how long', async () => {
    server.faults.push({ path: '/api/', status: 429, headers: { 'retry-after': '3600' } })
    await expect(open().pull(id)).rejects.toMatchObject({
      code: 'service-limited',
      fields: { retryAfterSeconds: 3600 },
    })
  })

  it('cuts that never end are service-failed; nobody there is service-unreachable', async () => {
    for (let i = 0; i < 9; i++) server.faults.push({ path: 'model.onnx', cutAfter: 0 })
    await expect(open().pull(id)).rejects.toMatchObject({ code: 'service-failed' })
    const nobody = open({ endpoint: 'http://127.0.0.1:1', retries: 1 })
    await expect(nobody.pull(id)).rejects.toMatchObject({ code: 'service-unreachable' })
  })

  it('refuses what it does not have', async () => {
    await expect(open().pull(id, { revision: 'v2' })).rejects.toMatchObject({ code: 'model-missing' })
    await expect(open().pull('owner/other')).rejects.toMatchObject({ code: 'model-missing' })
  })

  const listings: readonly [what: string, change: (reply: Record<string, unknown>) => unknown][] = [
    [
      'a path that leads out',
      (reply) => ({ ...reply, siblings: [{ rfilename: '../../evil', size: 1, blobId: 'a'.repeat(40) }] }),
    ],
    [
      'an absolute path',
      (reply) => ({ ...reply, siblings: [{ rfilename: '/etc/evil', size: 1, blobId: 'a'.repeat(40) }] }),
    ],
    [
      'a path of Windows',
      (reply) => ({ ...reply, siblings: [{ rfilename: '..\\evil', size: 1, blobId: 'a'.repeat(40) }] }),
    ],
    ['a drive', (reply) => ({ ...reply, siblings: [{ rfilename: 'C:/evil', size: 1, blobId: 'a'.repeat(40) }] })],
    ['no checksum', (reply) => ({ ...reply, siblings: [{ rfilename: 'a', size: 1 }] })],
    [
      'a large file without its checksum',
      (reply) => ({ ...reply, siblings: [{ rfilename: 'a', size: 1, blobId: 'a'.repeat(40), lfs: {} }] }),
    ],
    ['a negative size', (reply) => ({ ...reply, siblings: [{ rfilename: 'a', size: -1, blobId: 'a'.repeat(40) }] })],
    ['a commit that is a path', (reply) => ({ ...reply, sha: '../..' })],
    ['no files', ({ sha }) => ({ sha })],
    ['nothing', () => null],
  ]
  it.each(listings)('refuses a listing with %s', async (_, change) => {
    server.change(change)
    await expect(open().pull(id)).rejects.toMatchObject({ code: 'reply-invalid' })
    expect(await readdir(cacheFolder)).toEqual([])
  })

  it('refuses wrong arguments', async () => {
    await expect(open().pull('../evil')).rejects.toThrow(/id is/)
    await expect(open().pull(id, { revision: '../x' })).rejects.toThrow(/revision is/)
    await expect(open().file(id, '../x')).rejects.toThrow(/path is/)
    expect(() => open({ endpoint: 'ftp://x' })).toThrow(TypeError)
    expect(() => open({ endpoint: 'https://me:password@x' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('password@') }),
    )
    expect(() => open({ token: 'secret\n' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    )
  })
})

describe('tokens', () => {
  it('go to the hub alone, and into no message', async () => {
    await using closed = await startHub(files, 'hf_secret')
    const hub = open({ endpoint: closed.endpoint, token: 'hf_secret' })
    await check((await hub.pull(id)).folder)
    for (const { server: which, headers } of closed.seen) {
      expect(headers.authorization).toBe(which === 'hub' ? 'Bearer hf_secret' : undefined)
    }
    const wrong = await open({ endpoint: closed.endpoint, token: 'hf_other', cacheFolder: join(cacheFolder, 'x') })
      .pull(id)
      .catch((error: Error) => `${error.message} ${error.stack} ${JSON.stringify(error)}`)
    expect(wrong).toMatch(/401/)
    expect(wrong).not.toMatch(/hf_other/)
    for (let i = 0; i < 9; i++) closed.faults.push({ path: 'model.onnx', status: 403 })
    const refused = open({ endpoint: closed.endpoint, token: 'hf_secret', cacheFolder: join(cacheFolder, 'y') }).pull(
      id,
    )
    const message = await refused.catch((error: Error) => `${error.message} ${JSON.stringify(error)}`)
    expect(message).not.toMatch(/very-secret|hf_secret/)
  })
})

describe('file, path, list and verify', () => {
  it('gives one file, and the same one offline', async () => {
    const path = await open().file(id, 'onnx/model.onnx')
    expect(await readFile(path)).toEqual(Buffer.from(weights))
    const before = server.seen.length
    const offline = open({ offline: true })
    expect(await offline.file(id, 'onnx/model.onnx')).toBe(path)
    expect(await offline.file(id, 'onnx/model.onnx', { revision: server.commit })).toBe(path)
    expect(await open().file(id, 'onnx/model.onnx', { revision: server.commit })).toBe(path)
    await expect(offline.file(id, 'config.json')).rejects.toMatchObject({ code: 'service-unreachable' })
    await expect(offline.pull('owner/other')).rejects.toMatchObject({ code: 'service-unreachable' })
    expect(server.seen.length).toBe(before)
  })

  it('finds what is in the cache', async () => {
    const hub = open()
    await expect(hub.path(id)).rejects.toMatchObject({ code: 'model-missing' })
    expect(await hub.list()).toEqual([])
    const { folder, commit } = await hub.pull(id)
    expect(await hub.path(id)).toBe(folder)
    expect(await hub.path(id, { revision: commit })).toBe(folder)
    const names = Object.keys(files).sort()
    expect(await hub.list()).toEqual([{ id, commit, folder, files: names, bytes: total, revisions: ['main'] }])
  })

  it('tells what is damaged, absent and unknown', async () => {
    const hub = open()
    const { folder } = await hub.pull(id)
    const intact = { folder, intact: Object.keys(files), damaged: [], absent: [], unknown: [] }
    const done: number[] = []
    expect(await hub.verify(id, { onProgress: (progress) => done.push(progress.done, progress.total!) })).toEqual(
      intact,
    )
    expect(done).toEqual([7, total, total, total, total, total])
    const stopped = hub.verify(id, { signal: AbortSignal.abort(new Error('enough')) })
    await expect(stopped).rejects.toThrow('enough')
    expect(await open({ offline: true }).verify(folder)).toEqual(intact)
    const bytes = Buffer.from(weights)
    bytes[123_456]! ^= 1
    await writeFile(join(folder, 'onnx/model.onnx'), bytes)
    await writeFile(join(folder, 'onnx/other'), '')
    await rm(join(folder, 'empty.txt'))
    expect(await hub.verify(folder)).toEqual({
      ...{
        folder,
        intact: ['config.json'],
        damaged: ['onnx/model.onnx'],
        absent: ['empty.txt'],
        unknown: ['onnx/other'],
      },
    })
    await expect(hub.verify(cacheFolder)).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('uses what the tools of Hugging Face have downloaded', async () => {
    const folder = join(cacheFolder, 'models--owner--model')
    await mkdir(join(folder, 'refs'), { recursive: true })
    await mkdir(join(folder, 'snapshots', server.commit), { recursive: true })
    await writeFile(join(folder, 'refs/main'), server.commit)
    await writeFile(join(folder, 'snapshots', server.commit, 'config.json'), files['config.json'])
    const path = await open({ offline: true }).file(id, 'config.json')
    expect(path).toBe(join(folder, 'snapshots', server.commit, 'config.json'))
    expect(await open().verify(id)).toMatchObject({ intact: ['config.json'], absent: ['onnx/model.onnx', 'empty.txt'] })
  })
})
