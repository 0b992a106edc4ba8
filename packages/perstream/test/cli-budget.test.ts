import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { events, ofType, perstream, perstreamIn, start } from './support/command'
import { inspect, scratchFolder, walkSigns, writeWalk } from './support/walk'

const scratch = scratchFolder()
const walk = scratch.path('walk.mp4')
const whole = scratch.path('whole')

beforeAll(async () => {
  writeWalk(walk)
  expect(await perstream('run', walk, '--store', whole)).toMatchObject({ code: 0 })
}, 180_000)
afterAll(() => scratch.remove())

/** The files of a memory, by name. */
function filesOf(store: string): Map<string, Buffer> {
  const names = readdirSync(store, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => statSync(join(store, name)).isFile())
  return new Map(files.sort().map((name) => [name, readFileSync(join(store, name))]))
}

const sizeOf = (store: string) => [...filesOf(store).values()].reduce((sum, { length }) => sum + length, 0)
const wordsIn = (store: string, words: string) => [...filesOf(store).values()].some((bytes) => bytes.includes(words))

/** A digest of names, contents and times of the files. */
function stateOf(store: string): string {
  const digest = createHash('sha256')
  for (const [name, bytes] of filesOf(store))
    digest.update(`${name} ${statSync(join(store, name)).mtimeMs} ${bytes.length}\n`).update(bytes)
  return digest.digest('hex')
}

/** A copy of the memory of the walk. */
async function copyOf(name: string): Promise<string> {
  const [file, store] = [scratch.path(`${name}.jsonl`), scratch.path(name)]
  expect(await perstream('export', whole, file)).toMatchObject({ code: 0 })
  expect(await perstream('import', store, file)).toMatchObject({ code: 0 })
  return store
}

describe('perstream run --budget', () => {
  it('stays below it, on the disk below twice of it, and still answers', async () => {
    const store = scratch.path('budget')
    const budget = 5000
    const { code, events: told } = await events('run', walk, '--store', store, '--budget', '5KB')
    expect(code).toBe(0)
    const [finished] = ofType(told, 'finished')
    expect(finished).toMatchObject({ memoriesStored: walkSigns.length, reduced: { forgotten: 0 } })
    expect(finished!.reduced!.times).toBe(ofType(told, 'reduced').length)
    expect(finished!.reduced!.demoted.embedding).toBeGreaterThan(0)
    const { bytes, forgotten } = await inspect(store)
    expect(bytes).toBeLessThanOrEqual(budget)
    expect(forgotten).toBe(0)
    expect(sizeOf(store)).toBeLessThanOrEqual(2 * budget)
    const asked = await perstream('ask', store, 'When is my dentist appointment?')
    expect(asked.stdout).toContain('15:30')
  })

  it('forgets by the strategy it is told, says so, and shows it on the page', async () => {
    const [store, report] = [scratch.path('forgets'), scratch.path('forgets.html')]
    const options = ['--budget', '800', '--strategy', 'nsbg', '--report', report]
    const { code, stdout } = await perstream('run', walk, '--store', store, ...options)
    expect(code).toBe(0)
    expect(stdout).toMatch(/0:\d\d {2}for the budget: .*the words of \d memor(y|ies) gone, [\d.]+ KB to [\d.]+ K?B\n/)
    expect(stdout).toMatch(/\nFor the budget: .*the words of \d memories gone, [\d.]+ KB in all\.\n/)
    const { bytes, forgotten, memories } = await inspect(store)
    expect(bytes).toBeLessThanOrEqual(800)
    expect([forgotten > 0, forgotten + memories]).toEqual([true, walkSigns.length])
    expect((await perstream('inspect', store)).stdout).toMatch(
      new RegExp(`, ${forgotten} forgotten, ${bytes} B live, `),
    )
    const data = JSON.parse(/id="report-data">([\s\S]*?)<\/script>/.exec(readFileSync(report, 'utf8'))![1]!)
    expect(data.settings.budget).toBe('800 B, nsbg')
    expect(data.reductions.length).toBeGreaterThan(0)
    expect(data.reductions[0].message).toMatch(/gone, [\d.]+ KB to/)
  })

  it('reduces what is there first', async () => {
    const store = await copyOf('first')
    const { code, events: told } = await events('run', walk, '--store', store, '--budget', '4KB')
    expect(code).toBe(0)
    expect(ofType(told, 'reduced')).toMatchObject([{ seconds: 0, budget: 4000, report: { isEnough: true } }])
    expect((await inspect(store)).bytes).toBeLessThanOrEqual(4000)
  })

  it('ends where a moment does not fit, and keeps what is stored', async () => {
    const store = scratch.path('full')
    const { code, stderr, events: told } = await events('run', walk, '--store', store, '--budget', '200B')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^perstream: the write would leave \d+ bytes, .*: the budget is 200\. Raise it, .*\n$/)
    const acknowledged = ofType(told, 'progress').at(-1)!.acknowledged
    expect((await inspect(store)).sources[0]!.seconds).toBe(acknowledged)
  })

  it('is kept by what a killed run leaves, and by the run that goes on', async () => {
    const store = scratch.path('killed')
    const options = ['run', walk, '--store', store, '--budget', '2500', '--json']
    const running = start(options)
    await running.line((line) => line.includes('"type":"reduced"'))
    running.signal('SIGKILL')
    expect(await running.ended).toMatchObject({ code: 'SIGKILL' })
    expect((await inspect(store)).bytes).toBeLessThanOrEqual(2500)
    expect(await perstream(...options)).toMatchObject({ code: 0 })
    const { bytes, memories, forgotten } = await inspect(store)
    expect(bytes).toBeLessThanOrEqual(2500)
    expect([memories, forgotten]).toEqual([walkSigns.length, 0])
  })

  it('takes nothing when it is smaller than what has to stay', async () => {
    const store = await copyOf('too-small')
    const before = (await inspect(store)).bytes
    const { code, stderr } = await perstream('run', walk, '--store', store, '--budget', '100')
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('give 320 bytes or more') })
    expect((await inspect(store)).bytes).toBe(before)
  })
})

describe('perstream reduce', () => {
  it('shows what would go and changes no byte, when it is only to show', async () => {
    const before = stateOf(whole)
    const { code, stdout } = await perstream('reduce', whole, '--to', '5KB', '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toMatch(/embeddings +5 +0 +\d +10\.2 KB +\d\.\d KB\n {2}words +5 +0 +0 /)
    expect(stdout).toMatch(/\nNothing was changed \(--dry-run\)\.\n$/)
    const planned = await perstream('reduce', whole, '--to', '500', '--strategy', 'nsbg', '--dry-run', '--json')
    const { report, examples, ...rest } = JSON.parse(planned.stdout)
    expect(rest).toEqual({ directory: whole, budget: 500, strategy: 'nsbg', dryRun: true, diskBefore: sizeOf(whole) })
    expect(report.bytesAfter).toBeLessThanOrEqual(500)
    expect(examples.map(({ id }: { id: string }) => id)).toEqual(report.forgotten.slice(0, 5))
    expect(examples[0]).toMatchObject({ text: 'Dentist appointment\nTuesday 14 May\n15:30', category: 'schedule' })
    expect(stateOf(whole)).toBe(before)
  })

  it('shows it, does it, and the rest still answers', async () => {
    const store = await copyOf('reduced')
    const { code, stdout, stderr } = await perstream('reduce', store, '--to', '1KB')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.indexOf('embeddings')).toBeLessThan(stdout.indexOf('Done: '))
    const { bytes } = await inspect(store)
    expect(stdout).toContain(`Done: 11.1 KB to ${bytes} B live, `)
    expect(bytes).toBeLessThanOrEqual(1000)
    expect(sizeOf(store)).toBeLessThan(4000)
    const asked = await perstream('ask', store, 'When is my dentist appointment?')
    expect(asked.stdout).toContain('15:30')
  })

  it('leaves no forgotten word in the files, and is done when asked again', async () => {
    const store = await copyOf('wordless')
    expect(wordsIn(store, 'Dentist')).toBe(true)
    const reduce = ['reduce', store, '--to', '700', '--strategy', 'nsbg', '--json']
    const { report, diskBefore, diskAfter } = JSON.parse((await perstream(...reduce)).stdout)
    expect(report.forgotten.length).toBeGreaterThan(0)
    expect(await inspect(store)).toMatchObject({ bytes: report.bytesAfter, forgotten: report.forgotten.length })
    expect(diskAfter).toBe(sizeOf(store))
    expect(diskAfter).toBeLessThan(diskBefore)
    expect(wordsIn(store, 'Dentist')).toBe(false)
    const state = stateOf(store)
    const again = await perstream('reduce', store, '--to', '700')
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('not more than 700 B: nothing has to go.') })
    expect(stateOf(store)).toBe(state)
  })

  it('takes grids out of their folder', async () => {
    const store = scratch.path('grids')
    await perstream('run', walk, '--store', store, '--grids', '--end', '4')
    const grids = () => readdirSync(join(store, 'grids')).filter((name) => name.startsWith('grid-'))
    expect(grids().length).toBeGreaterThan(0)
    const { stdout } = await perstream('reduce', store, '--to', '10KB', '--strategy', 'gsbn')
    expect(stdout).toMatch(/nearest grids +1 +1 +0 [\s\S]*mean grids +1 +1 +0 /)
    expect(grids()).toEqual([])
    expect(sizeOf(store)).toBeLessThan(4000)
    expect(await inspect(store)).toMatchObject({ memories: 1, forgotten: 0 })
  })

  it('says how small it can become', async () => {
    const store = await copyOf('smallest')
    const state = stateOf(store)
    for (const more of [[], ['--dry-run']]) {
      const { code, stdout, stderr } = await perstream('reduce', store, '--to', '319', ...more)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain('cannot be reduced to 319 bytes: 320 are left')
    }
    expect(stateOf(store)).toBe(state)
    expect(await perstream('reduce', store, '--to', '320')).toMatchObject({ code: 0 })
    expect(await inspect(store)).toMatchObject({ bytes: 320, memories: 0, forgotten: walkSigns.length })
  })

  it('waits for nobody: a memory that is being written is refused, and can be looked at', async () => {
    const store = scratch.path('busy')
    const running = start(['run', walk, '--store', store, '--json'])
    await running.line((line) => line.includes('"type":"progress"'))
    running.signal('SIGSTOP')
    try {
      const { code, stderr } = await perstream('reduce', store, '--to', '100MB')
      expect(code).toBe(1)
      expect(stderr).toMatch(new RegExp(`is being written by process ${running.child.pid} on `))
      const shown = await perstream('reduce', store, '--to', '200B', '--dry-run')
      expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was changed') })
    } finally {
      running.signal('SIGCONT')
    }
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('wrong use', () => {
  it.each([
    [['reduce', 'memory'], "required option '--to <size>' not specified"],
    [['reduce', '--to', '1MB'], "missing required argument 'dir'"],
    [['reduce', 'memory', '--to', '0'], '"0" is not a size above 0'],
    [['reduce', 'memory', '--to', '-5MB'], '"-5MB" is not a size above 0'],
    [['reduce', 'memory', '--to', 'NaN'], '"NaN" is not a size above 0'],
    [['reduce', 'memory', '--to', '5XB'], '"5XB" is not a size above 0'],
    [['reduce', 'memory', '--to', '1MB', '--strategy', 'best'], 'Allowed choices are valuePerByte, gsbn'],
    [['run', 'a.mp4', '--budget', '0'], '"0" is not a size above 0'],
    [['run', 'a.mp4', '--budget', '512M'], '"512M" is not a size above 0'],
    [['run', 'a.mp4', '--budget', '1GB', '--strategy', 'best'], 'Allowed choices are valuePerByte, gsbn'],
    [['run', 'a.mp4', '--strategy', 'nsbg'], '--strategy nsbg says what goes first for a budget: give --budget'],
  ])('%j', async (args, words) => {
    const { code, stdout, stderr } = await perstreamIn(scratch.path('.'), ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.split('\n')[0]).toContain(words)
  })

  it.each([
    ['nowhere', /no memory in nowhere: the folder does not exist/],
    ['papers', /papers is not a memory store/],
  ])('of %s fails with its reason', async (name, words) => {
    const folder = scratch.path('failures')
    mkdirSync(join(folder, 'papers'), { recursive: true })
    writeFileSync(join(folder, 'papers', 'letter.txt'), 'Dear Anna')
    for (const more of [[], ['--dry-run']]) {
      const { code, stdout, stderr } = await perstreamIn(folder, 'reduce', name, '--to', '1MB', ...more)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(words)
    }
  })
})
