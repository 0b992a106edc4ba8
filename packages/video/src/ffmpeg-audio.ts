import { createByteReader } from './byte-reader'
import { type FfmpegPrograms, type SoundPlan, soundArguments } from './ffmpeg-arguments'
import { lastError, type Running, start } from './ffmpeg-process'
import { damageWords } from './ffmpeg-source'
import { unreadable } from './location'
import { soundLength } from './sound'
import type { ReadSoundContext } from './source-sound'

/** What reading sound through the ffmpeg program needs. */
export interface FfmpegSoundOptions extends SoundPlan, ReadSoundContext {
  /** How the source is called. */
  readonly name: string
  readonly programs: FfmpegPrograms
  /** Told at the end when parts could not be decoded. */
  readonly onDamage: (count: number, seconds: number) => void
}

const bytesPerSample = 4

/** Decodes sound in a process of its own, which is gone when the loop is left. */
export async function* readFfmpegSound(options: FfmpegSoundOptions): AsyncGenerator<Float32Array, void, void> {
  const { programs, range, signal, resources, name, onDamage } = options
  signal.throwIfAborted()
  const process = start(programs.ffmpegPath, soundArguments(programs, options))
  const kill = () => void process.kill()
  signal.addEventListener('abort', kill, { once: true })
  resources.add(process.kill)
  let count = 0
  try {
    for await (const samples of samplesOf(process, range.sampleRate, soundLength(range))) {
      signal.throwIfAborted()
      count += samples.length
      yield samples
    }
    signal.throwIfAborted()
    if (count < soundLength(range)) await finish(process)
  } finally {
    signal.removeEventListener('abort', kill)
    await process.kill()
    resources.delete(process.kill)
  }

  async function finish({ ended }: Running): Promise<void> {
    const { code, errors } = await ended
    signal.throwIfAborted()
    if (code !== 0 && count === 0)
      throw unreadable(name, `ffmpeg says "${lastError(errors)}"`, 'Check that ffmpeg can play it')
    const damage = errors.split('\n').filter((text) => damageWords.test(text)).length
    if (damage > 0) onDamage(damage, range.start + count / range.sampleRate)
  }
}

/** Cuts what a process writes into chunks of a second; the last is shorter, and no more comes than wanted. */
async function* samplesOf(process: Running, rate: number, wanted: number): AsyncGenerator<Float32Array, void, void> {
  const read = createByteReader(process.pipes[0]!)
  for (let left = wanted; left > 0; ) {
    const bytes = await read(Math.min(rate, left) * bytesPerSample, { partial: true })
    if (!bytes) return
    const samples = new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / bytesPerSample))
    left -= samples.length
    yield samples
  }
}
