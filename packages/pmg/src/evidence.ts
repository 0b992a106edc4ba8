import type { Evidence, SourceProgress } from '@perstream/spec'

/** Seconds between two sightings in one source up to which they are one stretch of evidence. */
const joiningGap = 10
const framesPerStretch = 32
const stretchesPerMemory = 128

/**
 * Joins sightings into stretches: those of one source that overlap, or lie at most 10 seconds apart, become one. Sorted by
 * source as first met, then by start. A stretch keeps at most 32 frame numbers, the first and the last among them; a
 * memory keeps at most 128 stretches, beyond which the two nearest of one source are joined, so that no extent is lost.
 */
export function mergeEvidence(...lists: readonly (readonly Evidence[])[]): Evidence[] {
  const bySource = new Map<string, Evidence[]>()
  for (const evidence of lists.flat()) {
    const group = bySource.get(evidence.source)
    if (group) group.push(evidence)
    else bySource.set(evidence.source, [evidence])
  }
  return bound([...bySource.values()].flatMap(joinNear))
}

/** What evidence there is without what a source showed later than `seconds` (inclusive); other sources stay whole. */
export function evidenceUntil(evidence: readonly Evidence[], { source, seconds }: SourceProgress): Evidence[] {
  return evidence.flatMap((stretch) => {
    if (stretch.source !== source || stretch.endSeconds <= seconds) return [stretch]
    return stretch.startSeconds <= seconds ? [cut(stretch, seconds)] : []
  })
}

function joinNear(group: readonly Evidence[]): Evidence[] {
  const sorted = [...group].sort((a, b) => a.startSeconds - b.startSeconds)
  const joined: Evidence[] = []
  for (const stretch of sorted) {
    const last = joined.at(-1)
    if (last && stretch.startSeconds - last.endSeconds <= joiningGap) joined[joined.length - 1] = join(last, stretch)
    else joined.push({ ...stretch, frames: thin([...stretch.frames]) })
  }
  return joined
}

function join(a: Evidence, b: Evidence): Evidence {
  const frames = [...new Set([...a.frames, ...b.frames])].sort((x, y) => x - y)
  const box = b.box ?? a.box
  return {
    source: a.source,
    startSeconds: Math.min(a.startSeconds, b.startSeconds),
    endSeconds: Math.max(a.endSeconds, b.endSeconds),
    frames: thin(frames),
    ...(box && { box }),
  }
}

function thin(frames: number[]): number[] {
  if (frames.length <= framesPerStretch) return frames
  const step = (frames.length - 1) / (framesPerStretch - 1)
  return Array.from({ length: framesPerStretch }, (_, i) => frames[Math.round(i * step)]!)
}

function bound(evidence: Evidence[]): Evidence[] {
  while (evidence.length > stretchesPerMemory) {
    const nearest = nearestPair(evidence)
    if (nearest === undefined) return evidence
    evidence.splice(nearest, 2, join(evidence[nearest]!, evidence[nearest + 1]!))
  }
  return evidence
}

function nearestPair(evidence: readonly Evidence[]): number | undefined {
  let best: number | undefined
  let smallest = Number.POSITIVE_INFINITY
  for (let i = 0; i + 1 < evidence.length; i++) {
    const [a, b] = [evidence[i]!, evidence[i + 1]!]
    const gap = b.startSeconds - a.endSeconds
    if (a.source === b.source && gap < smallest) [best, smallest] = [i, gap]
  }
  return best
}

/** Frame numbers after the cut are left out by the stretch's own frame rate. */
function cut(stretch: Evidence, seconds: number): Evidence {
  const { startSeconds, endSeconds, frames } = stretch
  const [first, last] = [frames[0] ?? 0, frames.at(-1) ?? 0]
  const part = endSeconds > startSeconds ? (seconds - startSeconds) / (endSeconds - startSeconds) : 1
  const limit = first + (last - first) * part
  return { ...stretch, endSeconds: seconds, frames: frames.filter((frame) => frame <= limit) }
}
