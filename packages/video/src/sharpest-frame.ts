import type { Frame } from '@perstream/spec'

/** A frame with what was measured on it. */
export interface Candidate {
  readonly frame: Frame
  readonly sharpness: number
}

/** Holds the sharpest of the frames offered to it and releases the others: one frame at a time, whatever comes. */
export class SharpestFrame {
  private best: Candidate | undefined

  /** Takes a frame over. Of equally sharp ones the first stays. */
  offer(candidate: Candidate): void {
    if (this.best && candidate.sharpness <= this.best.sharpness) {
      candidate.frame.release()
      return
    }
    this.best?.frame.release()
    this.best = candidate
  }

  /** Hands the frame to the caller. */
  take(): Candidate | undefined {
    const { best } = this
    this.best = undefined
    return best
  }

  release(): void {
    this.take()?.frame.release()
  }
}
