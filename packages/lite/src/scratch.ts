/** Large arrays that are filled anew for each frame, made once. */
export interface Scratch {
  /** Takes an array of this length, with whatever was left in it. */
  take(length: number): Float32Array
  /** Gives back what was taken and is no longer read. */
  give(array: Float32Array): void
}

/** Makes a scratch that keeps one array: calls that overlap get arrays of their own. */
export function createScratch(): Scratch {
  let kept: Float32Array | undefined
  return {
    take(length) {
      const array = kept?.length === length ? kept : new Float32Array(length)
      kept = undefined
      return array
    },
    give(array) {
      kept = array
    },
  }
}
