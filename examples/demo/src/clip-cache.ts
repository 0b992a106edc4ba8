import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { type RenderDemoClipOptions, renderDemoClip } from './render-demo-clip'

/** Goes up whenever the same seed gives another clip. */
const clipVersion = 1

/** Where a clip is kept, and how to render it when it is not there yet. */
export interface CachedDemoClipOptions extends Omit<RenderDemoClipOptions, 'path' | 'start' | 'end'> {
  /** The folder that clips are kept in; `.perstream/demo` under the current directory by default. */
  readonly folder?: string
}

/** Finds the clip of a seed in the cache folder, rendering it when it is not there yet. Returns its path. */
export async function cachedDemoClip(options: CachedDemoClipOptions): Promise<string> {
  const { folder = join('.perstream', 'demo'), ...render } = options
  const path = join(folder, `clip-${render.seed}-v${clipVersion}.mp4`)
  if (!(await exists(path))) await renderDemoClip({ ...render, path })
  return path
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
