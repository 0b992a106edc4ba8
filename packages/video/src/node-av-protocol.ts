import type { RgbImage, Warning } from '@perstream/spec'
import type { Location } from './location'
import type { Sampling } from './sampling'
import type { SoundRange } from './sound'

/** What the decoding thread is started with. */
export interface WorkerInput {
  readonly location: Location
  readonly sampling: Sampling
  readonly threads: number
}

/** What the source is, as the container says. */
export interface SourceInfo {
  /** Milliseconds since 1970. */
  readonly startedAt: number | undefined
  readonly duration: number | undefined
  readonly width: number
  readonly height: number
  readonly frameRate: number | undefined
  /** Whether it holds sound that can be decoded. */
  readonly hasSound: boolean
}

/** A sampled frame, with its small copy. */
export interface FrameData {
  readonly index: number
  readonly seconds: number
  readonly width: number
  readonly height: number
  readonly small: RgbImage
}

/** To the decoding thread. */
export type Request =
  | { readonly type: 'more' }
  /** Free everything and end the thread. */
  | { readonly type: 'close' }
  /** A frame is done with; what its copies lay in can be used again. */
  | { readonly type: 'release'; readonly index: number; readonly buffers: readonly ArrayBuffer[] }
  | { readonly type: 'pixels'; readonly index: number; readonly height: number; readonly id: number }

/** From the decoding thread. */
export type Reply =
  | { readonly type: 'opened'; readonly info: SourceInfo }
  | { readonly type: 'refused'; readonly code: 'unreadable' | 'no-video' | 'missing'; readonly reason: string }
  | { readonly type: 'frame'; readonly frame: FrameData }
  | { readonly type: 'warning'; readonly warning: Warning }
  | { readonly type: 'end' }
  | { readonly type: 'pixels'; readonly id: number; readonly image: RgbImage | undefined }

/** What the thread that decodes sound is started with. */
export interface AudioWorkerInput {
  readonly location: Location
  readonly range: SoundRange
}

/** To the thread that decodes sound. */
export type AudioRequest = { readonly type: 'more' | 'close' }

/** From the thread that decodes sound. `damaged` parts could not be decoded, the last of them at about `seconds`. */
export type AudioReply =
  | { readonly type: 'refused'; readonly code: 'unreadable' | 'no-sound' | 'missing'; readonly reason: string }
  | { readonly type: 'chunk'; readonly samples: Float32Array<ArrayBuffer> }
  | { readonly type: 'end'; readonly damaged: number; readonly seconds: number }

/** The buffer of an image that fills it: what can be handed over without a copy. */
export function bufferOf({ data }: RgbImage): ArrayBuffer | undefined {
  const { buffer } = data
  return buffer instanceof ArrayBuffer && data.byteLength === buffer.byteLength ? buffer : undefined
}
