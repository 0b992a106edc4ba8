import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import {
  type AudioChunk,
  type DriverStatus,
  type FrameSource,
  type FrameSourceDriver,
  type OpenSourceOptions,
  PerStreamError,
} from '@perstream/spec'
import { diagnose, type Location, resolveLocation } from './location'
import { readSound, SoundRefused } from './node-av-audio'
import { loadNodeAv } from './node-av-library'
import type { WorkerInput } from './node-av-protocol'
import { openThread } from './node-av-source'
import { type AudioDriver, noSound, type OpenAudioOptions } from './open-audio'
import { resolveSampling } from './sampling'
import { soundWarning } from './sound'
import { createSourceSound, type SourceSound } from './source-sound'

/** How node-av decodes. */
export interface NodeAvOptions {
  /** Threads the decoder may use, 1 or more. Default: the machine's, at most 4. */
  readonly threads?: number | undefined
}

const remedy = 'Install it with: npm install node-av (its prebuilt FFmpeg is under the GPL)'

/**
 * Makes the driver that decodes with node-av (FFmpeg in this process, in a thread of its own). Loads it on first use.
 * Larger copies of a frame come from the decoded frame, which is kept until release: of the last 16 unreleased frames,
 * fewer when they are very large (256 MB, at least two).
 */
export function nodeAvDriver(options: NodeAvOptions = {}): FrameSourceDriver & AudioDriver {
  const { threads = Math.min(4, availableParallelism()) } = options
  if (!Number.isInteger(threads) || threads < 1)
    throw new TypeError(`threads is ${threads}: it must be a whole number, 1 or more`)
  return {
    name: 'node-av',
    probe,
    open: (location, openOptions) => open(location, threads, openOptions),
    openAudio,
  }
}

async function probe(): Promise<DriverStatus> {
  try {
    const { lib } = await loadNodeAv()
    return { available: true, version: lib.getFFmpegInfo().version }
  } catch (error) {
    return { available: false, reason: `node-av could not be loaded: ${firstLine(error)}`, remedy }
  }
}

async function open(location: string, threads: number, options: OpenSourceOptions = {}): Promise<FrameSource> {
  const { signal } = options
  signal?.throwIfAborted()
  const sampling = resolveSampling(options)
  const found = await resolveLocation(location)
  const input: WorkerInput = { location: found, sampling, threads }
  const sound = soundOf(location, found, { ...options, start: sampling.start, end: sampling.end })
  const opened = await openThread(location, startWorker(input), options, sound)
  if (!('refused' in opened)) return opened
  if (opened.refused === 'missing') throw driverMissing(opened.reason)
  if (opened.refused === 'no-video')
    throw new PerStreamError('source-no-video', `${location} has no video to read: ${opened.reason}.`, {
      fields: { location },
    })
  throw await diagnose(location, found, opened.reason)
}

function driverMissing(reason: string): PerStreamError {
  return new PerStreamError('source-driver-missing', `node-av could not be loaded: ${reason}. ${remedy}.`, {
    fields: { driver: 'node-av' },
  })
}

async function* openAudio(location: string, options: OpenAudioOptions = {}): AsyncGenerator<AudioChunk, void, void> {
  const found = await resolveLocation(location)
  const { start = 0, end = Number.POSITIVE_INFINITY } = options
  yield* soundOf(location, found, { ...options, start, end }).audio(options)
}

function soundOf(
  name: string,
  location: Location,
  options: OpenSourceOptions & { readonly start: number; readonly end: number },
): SourceSound {
  const onDamage = (count: number, seconds: number) => options.onWarning?.(soundWarning(name, count, seconds))
  return createSourceSound(async function* (range, context) {
    try {
      yield* readSound({ name, location, range, onDamage, ...context })
    } catch (error) {
      if (!(error instanceof SoundRefused)) throw error
      if (error.code === 'missing') throw driverMissing(error.message)
      if (error.code === 'no-sound') throw noSound(name, error.message)
      throw await diagnose(name, location, error.message)
    }
  }, options)
}

function startWorker(workerData: WorkerInput): Worker {
  return new Worker(new URL('./node-av-worker.js', import.meta.url), { workerData, name: 'perstream-decoder' })
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
}
