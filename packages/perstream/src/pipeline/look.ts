import { mapAsync } from '@perstream/kit'
import type { CaptionedMoment, GateDecision, Keyframe, PatchGrid } from '@perstream/spec'
import { groupMoments } from './moments'
import { gateEvent } from './remember'
import type { Run } from './run'

/** The moments of the source with their captions. */
export function captionedMoments(run: Run): AsyncIterable<CaptionedMoment> {
  const { parts, source, config, stopwatch } = run
  const moments = groupMoments(keyframesOf(run), {
    bufferSize: config.bufferSize,
    onKeyframe: (keyframe) => keptKeyframe(run, keyframe),
    encode: encoderOf(run),
    decide: patchGateOf(run),
  })
  return stopwatch.timeEach('reading and captions', parts.caption.caption(moments, { source, signal: parts.signal }))
}

function keyframesOf(run: Run): AsyncIterable<Keyframe> {
  const { parts, stopwatch } = run
  const frames = mapAsync(parts.source, (frame) => {
    run.lookedAt = frame.seconds
    return frame
  })
  const keyframes = parts.keyframes.select(frames, { signal: parts.signal })
  return stopwatch.timeEach('decoding and keyframes', keyframes, 'reading and captions')
}

async function keptKeyframe(run: Run, keyframe: Keyframe): Promise<void> {
  const { frame, reason, motion, sharpness } = keyframe
  run.framesKept++
  run.pending.push({ type: 'frame-kept', frame: frame.index, seconds: frame.seconds, reason, motion, sharpness })
  await run.parts.onKeyframe?.(keyframe)
}

function encoderOf({ parts, stopwatch }: Run): ((keyframes: readonly Keyframe[]) => Promise<PatchGrid[]>) | undefined {
  const { vision, signal } = parts
  if (!vision) return undefined
  const encode = (keyframes: readonly Keyframe[]) =>
    vision.encode(
      keyframes.map(({ frame }) => frame),
      { signal },
    )
  return (keyframes) => stopwatch.time('vision', () => encode(keyframes), 'reading and captions')
}

/** With a projection the gate reads the patches of a moment, all its frames together. */
function patchGateOf(
  run: Run,
): ((grids: readonly PatchGrid[], keyframes: readonly Keyframe[]) => Promise<GateDecision>) | undefined {
  const { projection, gate, signal } = run.parts
  if (!projection) return undefined
  return async (grids, keyframes) => {
    const patches = await Promise.all(grids.map((grid) => projection.project(grid, { signal })))
    const decision = gate.decide(patches.flat())
    run.pending.push(gateEvent(decision, keyframes[0]?.frame.seconds ?? 0, null))
    return decision
  }
}
