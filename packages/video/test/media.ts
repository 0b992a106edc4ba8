import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

/** Why clips cannot be made here; undefined when they can. */
export const noFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0 ? undefined : 'no ffmpeg on PATH'

const root = resolve(import.meta.dirname, '../../..')
const shared = resolve(root, process.env.PERSTREAM_SHARED ?? '../shared')

/** The folder of real clips and vectors; undefined in a clone that has none. */
export const sharedMaterial = existsSync(join(shared, 'videos')) ? shared : undefined

/** A folder for the clips of one test file. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'perstream-video-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Runs ffmpeg, quiet. */
export async function ffmpeg(...args: string[]): Promise<void> {
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...args])
}
