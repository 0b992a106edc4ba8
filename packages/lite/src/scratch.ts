/** Large arrays that are filled anew for each frame, made once. */
export interface Scratch {
  /** Takes an array of this length, with whatever was left in it. */
  take(length: number): Float32Array
  /** Gives back what was taken and is no longer read. */
  give(array: Float32Array): void
}

/** Makes a scratch that keeps its largest array: calls that overlap get arrays of their own. */
export function createScratch(): Scratch {
  let kept = new Float32Array(0)
  return {
    take(length) {
      const array = kept.length >= length ? kept : new Float32Array(length)
      kept = new Float32Array(0)
      return array.subarray(0, length)
    },
    give(array) {
      const whole = new Float32Array(array.buffer as ArrayBuffer)
      if (whole.length > kept.length) kept = whole
    },
  }
}
