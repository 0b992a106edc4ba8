import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PerStreamEvent } from '../src'
import { events, ofType, perstream, perstreamIn } from './support/command'
import { inspect, scratchFolder, walkBegan, walkSigns, writeOtherPlace, writeWalk } from './support/walk'

const scratch = scratchFolder()
const walk = scratch.path('walk.mp4')
const other = scratch.path('other.mp4')
const store = scratch.path('memory')
const report = scratch.path('walk.html')
let first: { events: PerStreamEvent[]; code: number | string; stderr: string }

beforeAll(async () => {
  writeWalk(walk)
  writeOtherPlace(other)
  first = await events(
    ...['run', walk, '--store', store, '--report', report, '--ask', 'When is my dentist appointment?'],
    ...['--ask', 'What is the name of my cat?', '--ask-at', '0:05', 'Where did I park?'],
    ...['--ask-at', '10', 'Where did I park?'],
  )
}, 180_000)
afterAll(() => scratch.remove())

describe('perstream run', () => {
  it('tells the run as typed events, first to last, and nothing else on stdout', () => {
    expect(first).toMatchObject({ code: 0 })
    expect(first.events[0]).toMatchObject({ type: 'started', location: walk, width: 640, height: 360, duration: 15 })
    expect(first.events.at(-1)).toMatchObject({ type: 'finished', memoriesStored: walkSigns.length })
    expect(new Set(first.events.map(({ type }) => type))).toEqual(
      new Set([
        'started',
        'frame-kept',
        'gate-passed',
        'memory-stored',
        'stayed-silent',
        'progress',
        'answered',
        'finished',
      ]),
    )
  })

  it('remembers every sign once, when it was seen', async () => {
    const { memories, newest } = await inspect(store)
    expect(memories).toBe(walkSigns.length)
    for (const { lines, from, to } of walkSigns) {
      const memory = newest.find(({ text }) => text === lines.join('\n'))
      expect(memory, lines.join(' / ')).toBeDefined()
      const [seen] = memory!.evidence
      expect(seen!.startSeconds).toBeGreaterThanOrEqual(from - 0.1)
      expect(seen!.endSeconds).toBeLessThanOrEqual(to)
      expect(memory!.validFrom).toBeCloseTo(Date.parse(walkBegan) + seen!.startSeconds * 1000, 0)
    }
  })

  it('answers with evidence, or says that it did not see that', () => {
    const answers = ofType(first.events, 'answered')
    const [dentist, cat] = answers.filter(({ seconds }) => seconds === null)
    expect(dentist).toMatchObject({ answerable: true, text: expect.stringContaining('15:30') })
    expect(dentist?.citations[0]?.text).toBe('Dentist appointment\nTuesday 14 May\n15:30')
    expect(dentist?.citations[0]?.evidence[0]?.endSeconds).toBeLessThanOrEqual(3)
    expect(cat).toMatchObject({ answerable: false, text: 'I did not see that.', citations: [] })
  })

  it('answers at a second from what was seen until then', () => {
    const answers = ofType(first.events, 'answered').filter(({ seconds }) => seconds !== null)
    expect(answers.map(({ seconds, answerable }) => [seconds, answerable])).toEqual([
      [5, false],
      [10, true],
    ])
    const order = first.events.map(({ type }) => type)
    expect(order.indexOf('answered')).toBeLessThan(order.lastIndexOf('frame-kept'))
  })

  it('writes a page that needs nothing else', () => {
    const page = readFileSync(report, 'utf8')
    expect(page).toMatch(/^<!doctype html>/i)
    expect(page).toContain('Bakery Lindner')
    expect(page).not.toMatch(/\s(src|href)="(?!data:|#)/)
    expect(page).not.toMatch(/@import|url\((?!['"]?(data:|#))/)
  })

  it('takes the time of a recording from its container', () => {
    expect(first.events[0]).toMatchObject({ startedAt: walkBegan })
  })

  it('stores nothing of the same video again, and says so', async () => {
    const before = await inspect(store)
    const again = await perstream('run', walk, '--store', store, '--ask', 'Where did I park?')
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Row C') })
    expect(again.stderr).toContain('is remembered to 0:14 already')
    expect(again.stdout).toContain('No new frames.')
    // What was answered with counts as visited, which is a batch of its own.
    const visited = { sequence: expect.any(Number), diskBytes: expect.any(Number) }
    expect(await inspect(store)).toEqual({ ...before, ...visited })
  })

  it('takes another video of the same name for what it is, without a clock, beside the first', async () => {
    mkdirSync(scratch.path('elsewhere'))
    const namesake = scratch.path('elsewhere/walk.mp4')
    copyFileSync(other, namesake)
    const { code, events: told } = await events('run', namesake, '--store', store, '--no-proactive')
    expect(code).toBe(0)
    expect(told[0]).toMatchObject({ type: 'started', startedAt: null })
    expect(ofType(told, 'memory-stored')).toMatchObject([{ text: 'Train to Porto\nPlatform 7\n08:45' }])
    expect(ofType(told, 'spoke').length + ofType(told, 'stayed-silent').length).toBe(0)
    const { memories, sources, newest } = await inspect(store)
    expect([memories, sources.length]).toEqual([walkSigns.length + 1, 2])
    expect(newest.find(({ text }) => text.startsWith('Train'))).not.toHaveProperty('validFrom')
  })

  it('watches several videos in turn, at the given rate, from start to end, with the time it is told', async () => {
    const both = scratch.path('both')
    const range = ['--start', '0:00.5', '--end', '2.5', '--fps', '5', '--recorded-at', '2026-01-02T03:04:05+01:00']
    const { code, events: told } = await events('run', walk, other, '--store', both, ...range)
    expect(code).toBe(0)
    expect(ofType(told, 'started').map(({ startedAt }) => startedAt)).toEqual(Array(2).fill('2026-01-02T02:04:05.000Z'))
    const seconds = ofType(told, 'frame-kept').map((frame) => frame.seconds)
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(0.5)
    expect(Math.max(...seconds)).toBeLessThan(2.5)
    for (const second of seconds)
      expect(Math.abs(second * 5 - 0.5 * 5 - Math.round((second - 0.5) * 5))).toBeLessThan(0.5)
    const { newest } = await inspect(both)
    expect(newest.map(({ text }) => text.split('\n')[0]).sort()).toEqual(['Dentist appointment', 'Train to Porto'])
    for (const { validFrom, evidence } of newest)
      expect(validFrom).toBeCloseTo(Date.parse('2026-01-02T02:04:05Z') + evidence[0]!.startSeconds * 1000, 0)
  })

  it('keeps grids when it is told to, until what they are of is forgotten', async () => {
    const own = scratch.path('with-grids')
    const { code } = await perstream('run', walk, '--store', own, '--grids', '--end', '4')
    expect(code).toBe(0)
    const kept = () => readdirSync(join(own, 'grids')).filter((name) => name.startsWith('grid-'))
    expect(kept().length).toBeGreaterThanOrEqual(2)
    for (const name of kept()) expect(name).toMatch(/\.f16$/)
    const ids = (await inspect(own)).newest.map(({ id }) => id)
    expect(await perstream('forget', own, ...ids)).toMatchObject({ code: 0 })
    expect(kept()).toEqual([])
  })
})

describe('a memory in a folder', () => {
  it('answers, in words and in JSON', async () => {
    const question = 'What did I pay at the bakery?'
    const words = await perstream('ask', store, question)
    expect(words).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/12\.40 EUR[\s\S]*0:05 in walk\.mp4/),
    })
    const json = await perstream('ask', store, question, '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({ type: 'answered', question, answerable: true })
    const unseen = await perstream('ask', store, 'What is the name of my cat?', '--json')
    expect(JSON.parse(unseen.stdout)).toMatchObject({ answerable: false, citations: [] })
  })

  it('shows what is in it', async () => {
    const { code, stdout } = await perstream('inspect', store)
    expect(code).toBe(0)
    expect(stdout).toMatch(/6 memories, \d+ entit.*KB live, .*KB on disk/)
    expect(stdout).toContain('Bakery Lindner / Total 12.40 EUR')
  })

  it('comes back from an export the same', async () => {
    const [file, copy, again] = ['out.jsonl', 'copy', 'again.jsonl'].map(scratch.path) as [string, string, string]
    expect(await perstream('export', store, file)).toMatchObject({ code: 0 })
    expect(await perstream('import', copy, file)).toMatchObject({ stdout: expect.stringContaining('6 memories') })
    expect(await perstream('import', copy, file)).toMatchObject({ stdout: expect.stringContaining('6 known already') })
    await perstream('export', copy, again)
    const lines = (path: string) => readFileSync(path, 'utf8').trim().split('\n').slice(1).sort()
    expect(lines(again)).toEqual(lines(file))
    expect(lines(file).length).toBeGreaterThanOrEqual(6 + 2)
  })

  it('forgets words for good, by an id or its beginning', async () => {
    const { newest } = await inspect(store)
    const idOf = (start: string) => newest.find(({ text }) => text.startsWith(start))!.id
    const bytes = () => Buffer.concat(readdirSync(store).map((name) => readFileSync(join(store, name))))
    expect(bytes().includes('Lindner')).toBe(true)
    const done = await perstream('forget', store, idOf('Bakery'), idOf('Train').slice(0, 8))
    expect(done).toMatchObject({ code: 0, stdout: 'Forgot 2 memories.\n' })
    expect(bytes().includes('Lindner')).toBe(false)
    expect(bytes().includes('Porto')).toBe(false)
    expect(await inspect(store)).toMatchObject({ memories: walkSigns.length - 1 })
    const asked = await perstream('ask', store, 'What did I pay at the bakery?', '--json')
    expect(JSON.parse(asked.stdout)).toMatchObject({ answerable: false })
  })
})

describe('perstream', () => {
  it.each(['run', 'ask', 'inspect', 'forget', 'reduce', 'reembed', 'export', 'import', 'models', 'doctor'])(
    'shows an example of %s',
    async (name) => {
      const { code, stdout } = await perstream(name, '--help')
      expect(code).toBe(0)
      expect(stdout).toMatch(new RegExp(`Usage: perstream ${name}[\\s\\S]*Examples?:\\n {2}perstream ${name} `))
    },
  )

  it('says what works here', async () => {
    const { code, stdout } = await perstream('doctor', '--json', '--models', scratch.path('models'))
    const { checks, auto, cuda, models } = JSON.parse(stdout)
    expect(code).toBe(0)
    const ofGroup = (group: string) => checks.filter((check: { group: string }) => check.group === group)
    expect(ofGroup('backend').map(({ name }: { name: string }) => name)).toEqual([
      'cuda',
      'tensorrt',
      'webgpu',
      'wasm',
      'cpu',
    ])
    expect(ofGroup('backend').at(-1)).toMatchObject({ works: true, elementTypes: expect.arrayContaining(['float32']) })
    expect(ofGroup('package')).toContainEqual(
      expect.objectContaining({
        name: 'onnxruntime-node',
        works: true,
        detail: expect.stringMatching(/^\d+\.\d+\.\d+, /),
      }),
    )
    expect(auto).toMatchObject({ device: expect.any(String), reason: expect.any(String) })
    for (const { name, source } of cuda)
      expect([name, source]).toEqual([expect.stringMatching(/^lib/), expect.any(String)])
    expect(models).toEqual({ folder: scratch.path('models'), count: 0, bytes: 0 })
    expect(checks).toContainEqual(expect.objectContaining({ group: 'decoder', name: 'node-av', works: true }))
    expect(checks).toContainEqual(expect.objectContaining({ group: 'model', name: 'speech', works: true }))
    for (const { works, remedy } of checks) if (!works) expect(remedy).toMatch(/\w/)
    expect((await perstream('doctor')).stdout).toContain('decoders (one is enough)')
  })

  it.each([
    [['fly'], 'There is no command "fly"'],
    [['run'], "missing required argument 'video'"],
    [['run', 'a.mp4', '--fly'], "unknown option '--fly'"],
    [['run', 'a.mp4', '--fps', '0'], '"0" is not a number above 0'],
    [['run', 'a.mp4', '--start', 'soon'], '"soon" is not a time'],
    [['run', 'a.mp4', '--start', '5', '--end', '5'], '--end 5 does not lie after --start 5'],
    [['run', 'a.mp4', '--recorded-at', 'yesterday'], '"yesterday" is not a date'],
    [['run', 'a.mp4', '--ask', ' '], 'The question is empty'],
    [['run', 'a.mp4', '--ask-at', '5'], 'Give a time and a question'],
    [['run', 'a.mp4', '--ask-at', 'soon', 'What?'], '"soon" is not a time'],
    [['run', 'a.mp4', '--threads', '1.5'], '"1.5" is not a whole number above 0'],
    [['run', 'a.mp4', '--preset', 'huge'], 'Allowed choices are lite'],
    [['run', 'a.mp4', 'b.mp4', '--report', 'a.html'], '--report shows one video'],
    [['run', 'a.mp4', '--report', 'nowhere/a.html'], 'there is no folder nowhere'],
    [['ask', 'memory'], "missing required argument 'question'"],
    [['ask', 'memory', ''], 'The question is empty'],
    [['forget', 'memory'], "missing required argument 'id'"],
    [['export', 'memory'], "missing required argument 'file'"],
  ])('%j is wrong use', async (args, words) => {
    const { code, stdout, stderr } = await perstreamIn(scratch.path('.'), ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.split('\n')[0]).toContain(words)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it.each([
    [['ask', 'nowhere', 'What?'], /no memory in nowhere: the folder does not exist/],
    [['inspect', 'nowhere'], /no memory in nowhere/],
    [['inspect', 'notes.txt'], /no memory in notes.txt: it is not a folder/],
    [['inspect', 'papers'], /papers is not a memory store/],
    [['run', 'notes.txt', '--store', 'papers'], /papers is not a memory store: it holds other files \(letter.txt\)/],
    [['run', 'notes.txt', '--store', 'notes.txt'], /notes.txt is not a folder/],
    [['forget', 'nowhere', 'abcdef12'], /no memory in nowhere/],
    [['export', 'nowhere', 'a.jsonl'], /no memory in nowhere/],
    [['export', store, 'nowhere/a.jsonl'], /nowhere\/a\.jsonl/],
    [['import', 'fresh', 'nothing.jsonl'], /nothing.jsonl cannot be read: .*no such file/],
    [['import', 'fresh', 'papers'], /papers cannot be read: it is a folder/],
    [['import', 'fresh', 'notes.txt'], /notes.txt.* line 1 of the import cannot be read/],
  ])('%j fails with its reason', async (args, words) => {
    const folder = scratch.path('failures')
    mkdirSync(join(folder, 'papers'), { recursive: true })
    writeFileSync(join(folder, 'notes.txt'), 'milk, bread')
    writeFileSync(join(folder, 'papers', 'letter.txt'), 'Dear Anna')
    const { code, stdout, stderr } = await perstreamIn(folder, ...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(words)
    expect(stderr.trim().split('\n').length).toBe(1)
  })
})
