import { cosine, mean, poolGrid } from '@perstream/kit'
import type { PatchGrid, VisionEncoder } from '@perstream/spec'
import { openFrameSource } from '@perstream/video'
import { ffmpegDriver } from '@perstream/video/ffmpeg'
import { nodeAvDriver } from '@perstream/video/node-av'
import { demoScript } from '@perstream-examples/demo'

/** A moment of a place: what a memory keeps of its frames. */
export interface View {
  readonly place: string
  readonly second: number
  readonly mean: PatchGrid
  readonly nearest: PatchGrid
}

/** Views of the places of a clip: the first half of each stay, and the last third of it. */
export interface Views {
  readonly first: readonly View[]
  readonly later: readonly View[]
}

interface Stay {
  readonly place: string
  readonly from: number
  readonly to: number
}

const framesPerSecond = 4
/** As `perstream run --grids` pools them. */
const poolSize = [8, 8] as const

/** Watches a clip and makes the grids of each second at a place, as a pipeline that keeps grids does. */
export async function viewsOf(clip: string, seed: number, vision: VisionEncoder, signal?: AbortSignal): Promise<Views> {
  const stays = staysOf(seed)
  const seconds = new Map<number, PatchGrid[]>()
  const drivers = [nodeAvDriver(), ffmpegDriver()]
  await using source = await openFrameSource(clip, { drivers, rate: framesPerSecond, signal })
  for await (using frame of source) {
    const second = Math.floor(frame.seconds)
    if (!partOf(stays, second)) continue
    const [grid] = await vision.encode([frame], { signal })
    seconds.set(second, [...(seconds.get(second) ?? []), poolGrid(grid!, ...poolSize)])
  }
  const views = Array.from(seconds, ([second, grids]) => ({ ...partOf(stays, second)!, view: viewOf(second, grids) }))
  const of = (wanted: 'first' | 'later') =>
    views.filter(({ part }) => part === wanted).map(({ place, view }) => ({ place, ...view }))
  return { first: of('first'), later: of('later') }
}

/** A stay at a place lasts from when its sign can first be read until it no longer can; the labels of a shelf are one place. */
function staysOf(seed: number): Stay[] {
  const stays = new Map<string, Stay>()
  for (const { id, fromSecond, toSecond } of demoScript(seed).texts) {
    const place = id.replace(/-\d+$/, '')
    const known = stays.get(place)
    const [from, to] = [Math.min(fromSecond, known?.from ?? fromSecond), Math.max(toSecond, known?.to ?? toSecond)]
    stays.set(place, { place, from, to })
  }
  return [...stays.values()]
}

function partOf(stays: readonly Stay[], second: number): { place: string; part: 'first' | 'later' } | undefined {
  const stay = stays.find(({ from, to }) => from <= second && second + 1 <= to)
  if (!stay) return undefined
  const done = (second + 0.5 - stay.from) / (stay.to - stay.from)
  if (done > 1 / 2 && done < 2 / 3) return undefined
  return { place: stay.place, part: done <= 1 / 2 ? 'first' : 'later' }
}

/** The mean of grids, and the grid that is nearest to it. */
function viewOf(second: number, grids: readonly PatchGrid[]): Omit<View, 'place'> {
  const average: PatchGrid = { ...grids[0]!, data: mean(grids.map(({ data }) => data)) }
  const nearest = grids.reduce((a, b) => (cosine(b.data, average.data) > cosine(a.data, average.data) ? b : a))
  return { second, mean: average, nearest }
}
