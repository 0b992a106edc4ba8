import type { Caption, Detection } from '@perstream/spec'

/** What was detected in one frame. */
export interface FrameDetections {
  readonly frame: number
  readonly seconds: number
  readonly detections: readonly Detection[]
}

/** Follows which kinds of things are in view. */
export interface TagTracks {
  /** Takes the next frame's detections; gives a caption when there is something to tell. */
  add(frame: FrameDetections): Caption | undefined
}

/** Settings of {@link createTagTracks}. */
interface TagTracksOptions {
  readonly source: string
  /** Detections below this score are left out. */
  readonly minScore: number
}

interface Scene {
  readonly track: string
  readonly firstSeconds: number
  lastSeconds: number
  frames: number[]
  seen: number
  /** In how many frames each label was, and the sum of its best scores there. */
  readonly labels: Map<string, { count: number; sum: number }>
}

/** The same things after a longer absence are told anew. */
const ABSENCE_SECONDS = 60
/** Scenes kept, tags told, and true frame numbers kept as evidence. */
const MAX_SCENES = 32
const MAX_TAGS = 5
const MAX_FRAMES = 64
/** A label that is in fewer of a scene's frames than this was a mistake or something passing. */
const USUAL = 0.3

/**
 * Follows scenes, told by what kinds of things are in view: frames with much the same kinds extend one scene, and a scene
 * that comes back within a minute goes on. The words are tags ("a cup and a potted plant"), never what is being done.
 */
export function createTagTracks({ source, minScore }: TagTracksOptions): TagTracks {
  let scenes: Scene[] = []
  let count = 0

  function open(seconds: number): Scene {
    const track = `seen:${++count}@${seconds.toFixed(2)}`
    return { track, firstSeconds: seconds, lastSeconds: seconds, frames: [], seen: 0, labels: new Map() }
  }

  return {
    add({ frame, seconds, detections }) {
      const scores = bestScores(detections, minScore)
      if (scores.size === 0) return undefined
      scenes = scenes.filter((scene) => seconds - scene.lastSeconds <= ABSENCE_SECONDS)
      const scene = [...scenes].reverse().find((known) => isSame(known, scores)) ?? open(seconds)
      scenes = [...scenes.filter((known) => known !== scene), scene].slice(-MAX_SCENES)
      extend(scene, scores, frame, seconds)
      return toCaption(scene, source)
    },
  }
}

/** The best score of each label. A person cut off by the lower edge and not as high as the eyes is the wearer's arm. */
function bestScores(detections: readonly Detection[], minScore: number): Map<string, number> {
  const scores = new Map<string, number>()
  for (const { label, score, box } of detections) {
    const isOwnArm = label === 'person' && box.bottom > 0.97 && box.top > 0.35
    if (score >= minScore && !isOwnArm) scores.set(label, Math.max(score, scores.get(label) ?? 0))
  }
  return scores
}

function usualLabels({ labels, seen }: Scene): string[] {
  const usual = [...labels].filter(([, { count }]) => count >= USUAL * seen)
  return usual.sort(([, a], [, b]) => b.sum - a.sum).map(([label]) => label)
}

/** Half of all the labels of both are shared. */
function isSame(scene: Scene, scores: ReadonlyMap<string, number>): boolean {
  const usual = usualLabels(scene)
  const shared = usual.filter((label) => scores.has(label)).length
  return shared * 2 >= usual.length + scores.size - shared
}

function extend(scene: Scene, scores: ReadonlyMap<string, number>, frame: number, seconds: number): void {
  scene.lastSeconds = seconds
  scene.seen++
  scene.frames.push(frame)
  if (scene.frames.length > MAX_FRAMES) scene.frames = scene.frames.filter((_, i) => i === 0 || i % 2 === 1)
  for (const [label, score] of scores) {
    const { count, sum } = scene.labels.get(label) ?? { count: 0, sum: 0 }
    scene.labels.set(label, { count: count + 1, sum: sum + score })
  }
}

function toCaption(scene: Scene, source: string): Caption {
  const tags = usualLabels(scene).slice(0, MAX_TAGS)
  const [sum, count] = tags.reduce(
    ([s, n], tag) => [s + scene.labels.get(tag)!.sum, n + scene.labels.get(tag)!.count],
    [0, 0],
  )
  const evidence = {
    source,
    startSeconds: scene.firstSeconds,
    endSeconds: scene.lastSeconds,
    frames: [...scene.frames],
  }
  return { text: listOf(tags), origin: 'seen', confidence: sum / count, evidence, track: scene.track }
}

function listOf(tags: readonly string[]): string {
  const named = tags.map((tag) => `${/^[aeiou]/.test(tag) ? 'an' : 'a'} ${tag}`)
  return named.length < 2 ? (named[0] ?? '') : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`
}
