import type {
  CallOptions,
  Caption,
  CaptionedMoment,
  Captioner,
  Keyframe,
  ObjectDetector,
  TextReader,
} from '@perstream/spec'
import { createReadPolicy, type ReadPolicy } from './read-policy'
import { createTagTracks, type TagTracks } from './tag-tracks'
import { createTextTracks, type TextTracks } from './text-tracks'
import { type View, viewOf } from './view'

/** What {@link createLiteCaptioner} takes: a reader, a detector, or both. They stay the caller's to dispose of. */
export interface LiteCaptionerOptions {
  readonly reader?: TextReader | undefined
  readonly detector?: ObjectDetector | undefined
  /** At most this many frames are read in a second of the source. Default 1.5. */
  readonly maxReadRate?: number | undefined
  /** At most this many frames are searched for things in a second of the source. Default 1. */
  readonly maxDetectRate?: number | undefined
  /** Views whose coarse copies differ by fewer grey levels (0..255) on average are the same view. Default 3. */
  readonly minDifference?: number | undefined
  /** Frames less sharp than this part of the recent median are not read, for up to two seconds. Default 0.35. */
  readonly minSharpness?: number | undefined
  /** Detections below this score are not told. Default 0.35. */
  readonly minScore?: number | undefined
}

/**
 * Creates a captioner that tells what stands written (`origin: 'read'`, one caption a text, followed over time) and what
 * kinds of things are in view (`origin: 'seen'`, a list of tags). It does not tell what is being done. Frames too like
 * the last one looked at, too soon after it, or blurred are not looked at.
 * @throws TypeError without a reader and a detector, or for a number out of range
 */
export function createLiteCaptioner(options: LiteCaptionerOptions): Captioner {
  const { reader, detector, maxReadRate = 1.5, maxDetectRate = 1, minDifference = 3, minSharpness = 0.35 } = options
  const { minScore = 0.35 } = options
  if (!reader && !detector) throw new TypeError('reader and detector are both undefined: give at least one of them')
  for (const [field, value] of Object.entries({ maxReadRate, maxDetectRate }))
    if (!(value > 0)) throw new TypeError(`${field} is ${value}: give a number above 0`)
  for (const [field, value] of Object.entries({ minDifference, minSharpness, minScore }))
    if (!(value >= 0)) throw new TypeError(`${field} is ${value}: give a number of 0 or more`)

  return {
    async *caption(moments, { source, signal }) {
      const call = { signal }
      const texts = reader && {
        reader,
        policy: createReadPolicy({ maxRate: maxReadRate, minDifference, minSharpness }),
        tracks: createTextTracks({ source }),
      }
      const things = detector && {
        detector,
        policy: createReadPolicy({ maxRate: maxDetectRate, minDifference, minSharpness }),
        tracks: createTagTracks({ source, minScore }),
      }
      for await (const moment of moments) {
        signal?.throwIfAborted()
        const captions: Caption[] = []
        for (const keyframe of moment.keyframes) {
          const view = viewOf(await keyframe.frame.pixels(call), keyframe.sharpness || undefined)
          if (texts) captions.push(...(await read(texts, keyframe, view, call)))
          if (things) captions.push(...(await detect(things, keyframe, view, call)))
        }
        yield { ...moment, captions: latest(captions) } satisfies CaptionedMoment
      }
    },
  }
}

interface Texts {
  readonly reader: TextReader
  readonly policy: ReadPolicy
  readonly tracks: TextTracks
}

async function read(
  { reader, policy, tracks }: Texts,
  { frame }: Keyframe,
  view: View,
  call: CallOptions,
): Promise<Caption[]> {
  if (!policy.wants(view, frame.seconds)) return []
  const lines = await reader.read(frame, call)
  policy.looked(view, frame.seconds, lines.length > 0)
  return tracks.add({ frame: frame.index, seconds: frame.seconds, aspect: frame.width / frame.height, lines })
}

interface Things {
  readonly detector: ObjectDetector
  readonly policy: ReadPolicy
  readonly tracks: TagTracks
}

async function detect(
  { detector, policy, tracks }: Things,
  { frame }: Keyframe,
  view: View,
  call: CallOptions,
): Promise<Caption[]> {
  if (!policy.wants(view, frame.seconds)) return []
  const detections = await detector.detect(frame, call)
  policy.looked(view, frame.seconds, detections.length > 0)
  const caption = tracks.add({ frame: frame.index, seconds: frame.seconds, detections })
  return caption ? [caption] : []
}

/** The last caption of each track. */
function latest(captions: readonly Caption[]): Caption[] {
  return [...new Map(captions.map((caption) => [caption.track, caption])).values()]
}
