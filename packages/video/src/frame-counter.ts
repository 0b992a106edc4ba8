/**
 * Gives each frame its true number: how many frames of the stream are shown before it. Packets arrive before the frames
 * decoded from them, so the number is the rank of the frame's time among the times of all packets, and a packet that
 * could not be decoded still counts.
 */
export interface FrameCounter {
  /** A packet that will be shown, with its presentation time. */
  packet(time: bigint): void
  /** The number of a frame that is still to come, once all packets shown before it were told of. */
  numberOf(time: bigint): number
  /** A frame, in order of time. Returns its number. */
  frame(time: bigint): number
}

/** Makes a counter that starts at a number: the count of frames shown before the first packet it is told of. */
export function createFrameCounter(first = 0): FrameCounter {
  let passed = first
  let last = first - 1
  let pending: bigint[] = []
  const numberOf = (time: bigint) => passed + pending.filter((other) => other < time).length
  return {
    packet(time) {
      pending.push(time)
    },
    numberOf,
    frame(time) {
      const shown = numberOf(time)
      const index = Math.max(shown, last + 1)
      const own = pending.includes(time)
      pending = pending.filter((other) => other > time)
      passed = own ? index + 1 : shown
      last = index
      return index
    },
  }
}
