import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { renderDemoClip } from '@perstream-examples/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const example = join(import.meta.dirname, '../src/custom-pipeline.ts')
const shared = process.env.PERSTREAM_SHARED ?? join(import.meta.dirname, '../../../../shared')
const walk = join(shared, 'videos/gopro-max-heromode.mp4')

async function eventsOf(video: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await run('tsx', [example, video], { maxBuffer: 1 << 24 })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('the custom pipeline', () => {
  let folder: string
  let clip: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perstream-custom-'))
    clip = join(folder, 'clip.mp4')
    await renderDemoClip({ seed: 1, path: clip, start: 0, end: 5 })
  }, 120_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('takes under 60 lines', () => {
    expect(readFileSync(example, 'utf8').trim().split('\n').length).toBeLessThan(60)
  })

  it('watches a real clip with its own selector and captioner', async () => {
    const events = await eventsOf(clip)
    const kept = events.filter(({ type }) => type === 'frame-kept')
    expect(kept.map(({ seconds }) => Math.round(seconds as number))).toEqual([0, 2, 4])
    const stored = events.filter(({ type }) => type === 'memory-stored')
    expect(stored.length).toBeGreaterThan(0)
    for (const { text } of stored) expect(text).toMatch(/^I visited a (dark|dim|bright) place$/)
    expect(events.find(({ type }) => type === 'answered')).toMatchObject({ answerable: true })
    expect(events.at(-1)).toMatchObject({ type: 'finished', framesKept: 3 })
  })

  it.skipIf(!existsSync(walk))('watches a walk with a head camera (skipped: no shared clips)', async () => {
    const events = await eventsOf(walk)
    expect(events.at(-1)).toMatchObject({ type: 'finished', framesKept: 6 })
  })
})
