import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openEncoder } from './encoder'
import { renderFrames } from './frame-farm'
import { frameRate, pictureSize, planProduction } from './script/production'

/** What {@link renderDemoClip} renders, and where to. */
export interface RenderDemoClipOptions {
  /** A whole number from 0 on. */
  readonly seed: number
  /** The mp4 file to write; its folder is created. It appears when it is whole: until then it has another name. */
  readonly path: string
  /** The second of the clip to begin at; 0 by default. */
  readonly start?: number
  /** The second to end before; the end of the clip by default. */
  readonly end?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
}

/**
 * Renders the demo clip of a seed as H.264, 960 x 540, 15 frames a second, on all processors; takes about as long as the
 * clip lasts on two. The container's creation time is the script's `recordedAt`.
 * @throws TypeError when the seed or the range is none
 */
export async function renderDemoClip(options: RenderDemoClipOptions): Promise<void> {
  const { seed, path, start = 0, end = Number.POSITIVE_INFINITY, signal, onProgress } = options
  const { frames, content } = planProduction(seed)
  const from = Math.round(start * frameRate)
  const to = Math.min(frames, Math.round(end * frameRate))
  if (!(from >= 0 && from < to))
    throw new TypeError(`start and end must span frames of 0 to ${frames / frameRate} s, got ${start} to ${end}`)
  signal?.throwIfAborted()
  await mkdir(dirname(path), { recursive: true })
  const unfinished = `${path}.${process.pid}.part`
  try {
    const encoder = openEncoder(unfinished, { ...pictureSize, frameRate, recordedAt: content.recordedAt })
    try {
      let done = 0
      for await (const frame of renderFrames({ seed, from, to }, signal)) {
        encoder.add(frame)
        onProgress?.({ done: ++done, total: to - from })
      }
      encoder.finish()
    } finally {
      encoder.close()
    }
    await rename(unfinished, path)
  } finally {
    await rm(unfinished, { force: true })
  }
}
