/**
 * Gives each frame its true number: how many frames of the stream are shown before it. Packets arrive before the frames
 * decoded from them, so the number is the rank of the frame's time among the times of all packets, and a packet that
 * could not be decoded still counts.
 */
export interface FrameCounter {
  /** A packet that will be shown, with its presentation time. */
  packet(time: bigint): void
  /** A frame, in order of time. Returns its number. */
  frame(time: bigint): number
}

/** Makes a counter that starts at a number: the count of frames shown before the first packet it is told of. */
export function createFrameCounter(first = 0): FrameCounter {
  let passed = first
  let last = first - 1
  let pending: bigint[] = []
  return {
    packet(time) {
      pending.push(time)
    },
    frame(time) {
      const before = pending.filter((other) => other < time).length
      const index = Math.max(passed + before, last + 1)
      const own = pending.includes(time)
      pending = pending.filter((other) => other > time)
      passed = own ? index + 1 : passed + before
      last = index
      return index
    },
  }
}
