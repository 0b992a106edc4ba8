import type { AudioChunk, AudioOptions } from './audio'
import type { CallOptions, Warning } from './options'

/** 8-bit RGB pixels, row-major, no padding: `data.length === width * height * 3`. */
export interface RgbImage {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}

/** How large the pixels of a frame are wanted. */
export interface PixelOptions extends CallOptions {
  /**
   * Height in pixels; the width keeps the aspect, truncated to whole pixels as the prototype does. Default: the small
   * height the source was opened with. Never enlarges: a frame smaller than asked comes in its own size.
   */
  readonly height?: number | undefined
}

/**
 * One video frame. Lazy: the small copy that selection works on is made for every frame, larger ones only when asked
 * for, until the frame is released. Whoever received a frame releases it, or hands it on.
 */
export interface Frame extends Disposable {
  /** The frame's true number in the source, counted from 0 over all frames, whatever was sampled or unreadable. */
  readonly index: number
  /** Seconds from the start of the source. */
  readonly seconds: number
  /** Size as shown, after rotation. */
  readonly width: number
  readonly height: number
  /**
   * Reads the pixels at a height. They belong to the frame: once it is released, their memory may be used again and
   * `data` may be empty. Copy what must outlive the frame.
   * @throws PerStreamError `source-unreadable` when the frame was released or its pixels cannot be had any more.
   */
  pixels(options?: PixelOptions): Promise<RgbImage>
  /** Frees what the frame holds. Idempotent. `[Symbol.dispose]` is the same. */
  release(): void
}

/** What a source is asked to yield. Times are seconds of the source. */
export interface SamplingOptions {
  /** Every n-th frame, 1 or more. Not together with `rate`. Default 4, the prototype's. */
  readonly stride?: number | undefined
  /** At most this many frames a second, above 0: the first frame at or after each tick. */
  readonly rate?: number | undefined
  /** First second wanted, inclusive. Default 0. */
  readonly start?: number | undefined
  /** Last second wanted, exclusive. Default: the end. */
  readonly end?: number | undefined
  /** Height of the small copy. Default 224, the prototype's. */
  readonly height?: number | undefined
}

/** How a source is opened. */
export interface OpenSourceOptions extends SamplingOptions, CallOptions {
  /** Receives what went wrong without ending the stream: corrupt packets, a file cut in the middle. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
}

/**
 * A stream of frames in order of time. Pull-based: nothing is decoded far ahead of what is asked for, and leaving the
 * loop frees everything. It can be iterated once.
 */
export interface FrameSource extends AsyncIterable<Frame>, AsyncDisposable {
  /** What was opened, as given: a path, a URL, a device. */
  readonly location: string
  /** When recording began, or undefined when nothing says so. */
  readonly startedAt: Date | undefined
  /** Length in seconds, or undefined for live or unmeasured sources. */
  readonly duration: number | undefined
  /** Size as shown, after rotation. */
  readonly width: number
  readonly height: number
  /** Average frames a second as the container states it, or undefined. */
  readonly frameRate: number | undefined
  /**
   * The sound of the source over the seconds it was opened for, decoded beside the frames and at its own pace. It may be read
   * again, as often as wanted, until the source is disposed. Absent: it has none, or its driver cannot decode it.
   */
  audio?(options?: AudioOptions): AsyncIterable<AudioChunk>
}

/** Opens one kind of source. Every decoder is one of these. */
export interface FrameSourceDriver {
  /** 'node-av', 'ffmpeg' ... */
  readonly name: string
  /** Says whether this driver can work here, and if not, what to do about it. */
  probe(options?: CallOptions): Promise<DriverStatus>
  /**
   * Opens a file, URL or device.
   * @throws PerStreamError `source-not-found`, `source-unreadable`, `source-no-video`, `source-driver-missing`
   */
  open(location: string, options?: OpenSourceOptions): Promise<FrameSource>
}

/** Whether something optional works on this machine. */
export type DriverStatus =
  | { readonly available: true; readonly version: string; readonly detail?: string }
  | { readonly available: false; readonly reason: string; readonly remedy: string }

/** Why a frame was kept. */
export type KeyframeReason = 'first' | 'motion' | 'scene' | 'interval' | 'gap'

/** A frame that was kept, and why. */
export interface Keyframe {
  readonly frame: Frame
  readonly reason: KeyframeReason
  /** Mean motion since the last keyframe that led to this one, in pixels of the small copy; 0 when not measured. */
  readonly motion: number
  /** Sharpness of the small copy (variance of its Laplacian, 0..255 units); 0 when not measured. */
  readonly sharpness: number
}

/**
 * Chooses keyframes. Bounded look-ahead lets it take the sharpest frame near a change. It owns the frames it receives:
 * those it does not keep, it releases; those it yields belong to the receiver.
 */
export interface KeyframeSelector {
  select(frames: AsyncIterable<Frame>, options?: CallOptions): AsyncIterable<Keyframe>
}
