import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeClip } from './support/clip'
import { events, ofType, parseEvents, perstream, type Running, start } from './support/command'
import { serve } from './support/serve'
import { inspect, scratchFolder, walkSigns, writeOtherPlace, writeWalk } from './support/walk'

const scratch = scratchFolder()
const walk = scratch.path('walk.mp4')
const other = scratch.path('other.mp4')
const remembered = walkSigns.map(({ lines }) => lines.join('\n')).sort()

beforeAll(() => {
  writeWalk(walk)
  writeOtherPlace(other)
}, 120_000)
afterAll(() => scratch.remove())

const isProgress = (line: string) => line.includes('"type":"progress"')
const textsOf = async (store: string) => (await inspect(store)).newest.map(({ text }) => text).sort()

/** Starts to watch the walk, and waits until some of it is stored. */
async function startWalk(store: string): Promise<Running> {
  const running = start(['run', walk, '--store', store, '--json'])
  await running.line(isProgress)
  return running
}

describe('a run that is cut short', () => {
  it('ends with 130 on Ctrl-C, and a later run completes it without doubles', async () => {
    const store = scratch.path('interrupted')
    const running = await startWalk(store)
    running.signal('SIGINT')
    const { code, stdout, stderr } = await running.ended
    expect({ code, stderr }).toEqual({ code: 130, stderr: 'perstream: Interrupted. What was stored stays stored.\n' })
    const told = parseEvents(stdout)
    expect(ofType(told, 'finished')).toEqual([])
    const acknowledged = ofType(told, 'progress').at(-1)!.acknowledged
    expect((await inspect(store)).sources[0]!.seconds).toBeGreaterThanOrEqual(acknowledged)

    const rest = await events('run', walk, '--store', store)
    expect(rest.code).toBe(0)
    expect(ofType(rest.events, 'frame-kept')[0]!.seconds).toBeGreaterThan(acknowledged)
    expect(await textsOf(store)).toEqual(remembered)
  })

  it('loses nothing acknowledged when it is killed, and its lock is taken over', async () => {
    const store = scratch.path('killed')
    const running = await startWalk(store)
    running.signal('SIGKILL')
    const { code, stdout } = await running.ended
    expect(code).toBe('SIGKILL')
    const complete = stdout.slice(0, stdout.lastIndexOf('\n') + 1)
    const ids = ofType(parseEvents(complete), 'memory-stored').map(({ id }) => id)
    expect(ids.length).toBeGreaterThan(0)
    const { newest } = await inspect(store)
    for (const id of ids) expect(newest.map((memory) => memory.id)).toContain(id)

    const rest = await events('run', walk, '--store', store)
    expect(rest).toMatchObject({ code: 0, stderr: expect.stringContaining(`process ${running.child.pid} `) })
    expect(rest.stderr).toContain('which is dead, was taken over')
    expect(await textsOf(store)).toEqual(remembered)
  })

  it('ends when nobody reads its output any more', async () => {
    const running = await startWalk(scratch.path('unread'))
    running.child.stdout!.destroy()
    const { code, stderr } = await running.ended
    expect(code).toBe(130)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

describe('a memory that is being written', () => {
  it('can be asked and looked at, and refuses a second writer by name', async () => {
    const store = scratch.path('busy')
    const running = await startWalk(store)
    running.signal('SIGSTOP')
    try {
      expect((await inspect(store)).memories).toBeGreaterThan(0)
      const asked = await perstream('ask', store, 'When is my dentist appointment?')
      expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('15:30') })
      const second = await perstream('run', other, '--store', store)
      expect(second).toMatchObject({ code: 1, stdout: '' })
      expect(second.stderr).toMatch(new RegExp(`is being written by process ${running.child.pid} on `))
      expect(await perstream('forget', store, 'a')).toMatchObject({ code: 1 })
    } finally {
      running.signal('SIGCONT')
    }
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
    expect(await textsOf(store)).toEqual(remembered)
  })
})

describe('addresses', () => {
  it('are shown without their passwords', async () => {
    const store = scratch.path('camera')
    const address = 'http://me:hunter2@127.0.0.1:9/live'
    const { code, stdout, stderr } = await perstream('run', address, '--store', store, '--json', '--debug')
    expect(code).toBe(1)
    expect(stderr).toContain('http://me:***@127.0.0.1:9/live cannot be read')
    expect(stdout + stderr).not.toContain('hunter2')
  })

  it('without an end are watched anew each time, at the time of watching', async () => {
    const store = scratch.path('live')
    const stream = scratch.path('live.ts')
    writeClip(stream, {
      seconds: 4,
      format: 'mpegts',
      signs: [{ lines: ['Gate B 22', 'Boarding 18:40'], from: 0, to: 4 }],
    })
    await using server = await serve(stream, 'me:hunter2', { live: true })
    const address = `http://me:hunter2@127.0.0.1:${server.port}/live`
    for (const _time of [1, 2]) {
      const run = await events('run', address, '--store', store)
      const [started] = ofType(run.events, 'started')
      expect(run.code).toBe(0)
      expect(started!.source).toMatch(/^http:\/\/me:\*\*\*@127\.0\.0\.1:\d+\/live since \d{4}-/)
      expect(Math.abs(Date.parse(started!.startedAt!) - Date.now())).toBeLessThan(60_000)
      expect(ofType(run.events, 'frame-kept').length).toBeGreaterThan(0)
    }
    const { memories, sources } = await inspect(store)
    expect([memories, sources.length]).toEqual([1, 2])
  })

  it('are remembered without their passwords', async () => {
    const store = scratch.path('served')
    const report = scratch.path('served.html')
    await using server = await serve(walk, 'me:hunter2')
    const address = `http://me:hunter2@127.0.0.1:${server.port}/walk.mp4`
    const run = await events('run', address, '--store', store, '--end', '3', '--report', report)
    expect(run.code).toBe(0)
    const file = scratch.path('served.jsonl')
    await perstream('export', store, file)
    for (const text of [run.stdout, run.stderr, readFileSync(report, 'utf8'), readFileSync(file, 'utf8')])
      expect(text).not.toContain('hunter2')
    expect((await inspect(store)).sources[0]!.source).toBe(`http://me:***@127.0.0.1:${server.port}/walk.mp4`)
  })
})
