import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Outcome, start } from './support/command'
import { type LocalHub, startLocalHub } from './support/hub'
import { hidesCursor, inTerminal, noScript, showsCursor, visible } from './support/terminal'
import { tinyBertFiles, writeTinyBert } from './support/tiny-bert'
import { scratchFolder } from './support/walk'

const scratch = scratchFolder()
const files = tinyBertFiles()
const total = [...files.values()].reduce((sum, { length }) => sum + length, 0)
const id = 'owner/tiny-bert'
const models = scratch.path('models')
const sharedFolder = join(process.env.PERSTREAM_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'models')
const shared = existsSync(sharedFolder)
let hub: LocalHub

beforeAll(async () => {
  hub = await startLocalHub(files)
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  scratch.remove()
})

const env = (folder = models) => ({
  PERSTREAM_MODELS: folder,
  HF_ENDPOINT: hub.endpoint,
  HF_TOKEN: '',
  PERSTREAM_OFFLINE: '',
})
const run = (...args: string[]): Promise<Outcome> => start(['models', ...args], { env: env() }).ended
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout)
const snapshot = (folder = models) => join(folder, 'models--owner--tiny-bert/snapshots', hub.commit)

describe('perstream models pull', () => {
  it('downloads a model, pins its commit, and tells where it is', async () => {
    const { code, stdout, stderr } = await run('pull', id)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe(`${id} at ${hub.commit}\n  5 files, ${(total / 1000).toFixed(1)} KB\n  ${snapshot()}\n`)
    for (const [name, bytes] of files) expect(readFileSync(join(snapshot(), name))).toEqual(Buffer.from(bytes))
    const again = await json('pull', id, '--revision', hub.commit, '--offline')
    expect(again).toEqual({
      ...{ id, commit: hub.commit, folder: snapshot(), files: [...files.keys()], bytes: total, received: 0 },
    })
  })

  it('takes the files that are asked for, and says when there are none', async () => {
    const folder = scratch.path('some')
    const pull = (...args: string[]) => start(['models', 'pull', id, '--models', folder, ...args], { env: env() }).ended
    const { code } = await pull('--files', '*config.json', 'token*')
    expect(code).toBe(0)
    expect(readdirSync(snapshot(folder)).sort()).toEqual([
      '1_Pooling',
      'config.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    const none = await pull('--files', '*.gguf')
    expect(none).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('No file of owner/tiny-bert is called *.gguf'),
    })
  })

  it('goes on where it was interrupted', async () => {
    const folder = scratch.path('broken')
    hub.trouble = { path: 'model.safetensors', slowAfter: 100_000 }
    const args = ['models', 'pull', id, '--models', folder]
    const first = start(args, { env: env() })
    const part = () => {
      const parts = join(folder, 'models--owner--tiny-bert/perstream')
      const names = existsSync(parts) ? readdirSync(parts).filter((name) => name.endsWith('.part')) : []
      return names.length === 1 ? statSync(join(parts, names[0]!)).size : 0
    }
    await expect.poll(part, { timeout: 60_000 }).toBeGreaterThan(90_000)
    first.signal('SIGINT')
    expect(await first.ended).toMatchObject({ code: 130, stdout: '', stderr: expect.stringContaining('Interrupted.') })
    expect(existsSync(join(snapshot(folder), 'model.safetensors'))).toBe(false)
    const there = part()
    expect(there).toBeGreaterThan(90_000)
    hub.trouble = undefined
    const { stdout } = await start([...args, '--json'], { env: env() }).ended
    expect(hub.seen.some(({ range }) => range === `bytes=${there}-`)).toBe(true)
    const { bytes, received } = JSON.parse(stdout)
    expect(received).toBeLessThanOrEqual(bytes - there)
    expect(readFileSync(join(snapshot(folder), 'model.safetensors'))).toEqual(
      Buffer.from(files.get('model.safetensors')!),
    )
  }, 120_000)

  it('sends the token of the environment, shows it nowhere, and says what a hub refuses', async () => {
    hub.token = 'hf_secret'
    const pull = (token: string, ...args: string[]) =>
      start(['models', 'pull', id, '--models', scratch.path('private'), ...args], {
        env: { ...env(), HF_TOKEN: token },
      }).ended
    expect(await pull('hf_secret')).toMatchObject({ code: 0 })
    const refused = await pull('hf_wrong', '--debug')
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/answered 401 .*give a token/) })
    expect(refused.stderr + refused.stdout).not.toContain('hf_wrong')
    hub.token = undefined
  })

  it('says in one line what is wrong', async () => {
    const offline = { ...env(scratch.path('empty')), PERSTREAM_OFFLINE: '1' }
    const asked = hub.seen.length
    expect((await start(['models', 'pull', id], { env: offline }).ended).stderr).toMatch(/^perstream: .*offline.*\n$/)
    expect(hub.seen.length).toBe(asked)
    expect(await run('pull', 'owner/nothing')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^perstream: .*404.*\n$/),
    })
    expect(await run('pull', '../x')).toMatchObject({ code: 2, stderr: expect.stringContaining('give owner/name') })
    expect(await run('frobnicate')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no command "models frobnicate"'),
    })
    const wrong = { ...env(), HF_ENDPOINT: 'nonsense' }
    expect(await start(['models', 'list'], { env: wrong }).ended).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/^perstream: HF_ENDPOINT or HF_TOKEN in the environment: .*\n$/) },
    })
  })
})

describe.skipIf(noScript)('in a terminal (skipped: no script of util-linux)', () => {
  it('a bar tells bytes, rate and where it went on; Ctrl-C leaves it clean', async () => {
    const folder = scratch.path('shown')
    hub.trouble = { path: 'model.safetensors', slowAfter: 40_000 }
    let pressed = false
    const first = await inTerminal(
      `models pull ${id} --models ${folder}`,
      (printed) => {
        if (pressed || !/ [6-9]\d\.\d KB of /.test(printed)) return undefined
        pressed = true
        return '\u0003'
      },
      env(folder),
    )
    expect(first.code).toBe(130)
    expect(first.printed).toMatch(/█+░+ {2}[\d.]+ KB of [\d.]+ KB {2}\d+:\d\d left {2}[\d.]+ KB\/s/)
    expect(first.printed.lastIndexOf(showsCursor)).toBeGreaterThan(first.printed.lastIndexOf(hidesCursor))
    const told = visible(first.printed).filter((line) => line !== '')
    expect(told.at(-1)).toBe('perstream: Interrupted. What was stored stays stored.')
    hub.trouble = { path: 'model.safetensors', slowAfter: 0 }
    const again = await inTerminal(`models pull ${id} --models ${folder}`, undefined, env(folder))
    hub.trouble = undefined
    expect(again.code).toBe(0)
    expect(again.printed).toMatch(/KB\/s {2}resumed at [\d.]+ KB/)
    expect(visible(again.printed).join('\n')).toMatch(/KB; [\d.]+ KB came now, [\d.]+ KB were there/)
  }, 120_000)
})

describe('perstream models import', () => {
  it('makes a pulled model ready to run, under a name, and lists both', async () => {
    const { code, stdout, stderr } = await run('import', id)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^tiny-bert-f32: owner\/tiny-bert at [0-9a-f]{12} as f32, [\d.]+ KB\n {2}\/.*\n$/)
    const small = await json('import', 'tiny-bert', '--dtype', 'int8', '--as', 'small')
    expect(small).toMatchObject({ name: 'small', model: 'tiny-bert', dtype: 'int8' })
    expect(existsSync(join(small.folder, 'onnx/weights.safetensors'))).toBe(true)
    const { folder, models: listed } = await json('list')
    expect(folder).toBe(models)
    const commit = hub.commit
    expect(listed).toMatchObject([
      { name: id, kind: 'published', family: 'bert', dtype: 'float32', commit, revisions: ['main'], bytes: total },
      { name: 'small', kind: 'imported', family: 'bert', dtype: 'int8', commit },
      { name: 'tiny-bert-f32', kind: 'imported', family: 'bert', dtype: 'f32', commit },
    ])
    expect((await run('list')).stdout).toMatch(
      /: 3 models, [\d.]+ KB\n {2}owner\/tiny-bert +published +bert +float32 +[\d.]+ KB +[0-9a-f]{12} main\n/,
    )
  })

  it('gives a name another meaning, and keeps what it meant when that fails', async () => {
    const mine = scratch.path('mine')
    writeTinyBert(mine)
    const first = await json('import', mine, '--as', 'again')
    const second = await json('import', mine, '--as', 'again', '--dtype', 'f16')
    expect([existsSync(first.folder), existsSync(second.folder)]).toEqual([false, true])
    const strange = scratch.path('strange')
    writeTinyBert(strange, { model_type: 'mamba' })
    const failed = await run('import', strange, '--as', 'again')
    expect(failed).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^perstream: .*"mamba".*\n$/) })
    expect((await run('path', 'again')).stdout).toBe(`${second.folder}\n`)
    await run('import', strange)
    expect(readdirSync(join(models, 'imported'))).not.toContain('strange-f32')
    expect(await run('import', 'again')).toMatchObject({ code: 1, stderr: expect.stringContaining('imported already') })
  })

  it.skipIf(!shared)(
    'imports the tiny look-alikes of published models (skipped: no shared material)',
    async () => {
      const families = []
      for (const name of ['tiny-qwen2-vl', 'tiny-qwen3-vl'])
        await start(['models', 'import', join(sharedFolder, name), '--models', scratch.path('alike')], { env: env() })
          .ended
      const { stdout } = await start(['models', 'list', '--json', '--models', scratch.path('alike')], { env: env() })
        .ended
      for (const { name, family } of JSON.parse(stdout).models) families.push([name, family])
      expect(families).toEqual([
        ['tiny-qwen2-vl-f32', 'qwen2_vl'],
        ['tiny-qwen3-vl-f32', 'qwen3_vl'],
      ])
    },
    120_000,
  )
})

describe('perstream models path and verify', () => {
  it('prints the folder alone, for the id, its last part, or the name of an import', async () => {
    for (const name of [id, 'tiny-bert']) expect((await run('path', name)).stdout).toBe(`${snapshot()}\n`)
    expect((await run('path', 'small')).stdout).toMatch(/\/imported\/small\/.*int8.*\n$/)
  })

  it('suggests near names for a wrong one', async () => {
    expect(await run('path', 'tiny-brt')).toMatchObject({
      ...{ code: 1, stdout: '', stderr: expect.stringContaining('Did you mean owner/tiny-bert') },
    })
    expect((await run('verify', 'smal')).stderr).toContain('Did you mean small?')
    expect((await run('path', 'something/else')).stderr).toContain('This gets it: perstream models pull something/else')
  })

  it('tells intact, damaged and absent apart, and what to do', async () => {
    expect((await run('verify', id)).stdout).toContain(
      `${id}: intact\n  ${snapshot()}\n  5 files intact, 0 damaged, 0 absent\n`,
    )
    expect(await json('verify', 'small')).toMatchObject({ by: 'sizes', damaged: [], absent: [] })
    const weights = join(snapshot(), 'model.safetensors')
    const bytes = readFileSync(weights)
    bytes[bytes.length - 100]! ^= 1
    writeFileSync(weights, bytes)
    const damaged = await run('verify', snapshot())
    expect(damaged).toMatchObject({ code: 1, stdout: expect.stringContaining('damaged  model.safetensors') })
    expect(damaged.stderr).toMatch(/^perstream: 1 file of owner\/tiny-bert is damaged\. Remove it .* pull again.*\n$/)
    expect(JSON.parse((await run('verify', id, '--json')).stdout)).toMatchObject({ damaged: ['model.safetensors'] })
    expect((await run('verify', scratch.path('mine'))).stderr).toContain('is no folder that was pulled')
  })
})
