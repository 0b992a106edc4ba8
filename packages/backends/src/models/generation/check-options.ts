import type { GenerateOptions } from '@perstream/spec'
import type { SamplingOptions } from './sampling'

/** Options of a generation, complete. */
export interface GenerationPlan extends SamplingOptions {
  readonly maxNewTokens: number
  readonly stop: readonly string[]
  readonly seed: number
}

/** Fills in and checks how text is generated. @throws TypeError that names the option */
export function planGeneration({
  maxNewTokens = 200,
  temperature = 0,
  topK,
  topP = 1,
  stop = [],
  seed = Math.floor(Math.random() * 2 ** 32),
}: GenerateOptions): GenerationPlan {
  checkWhole('maxNewTokens', maxNewTokens)
  if (topK !== undefined) checkWhole('topK', topK)
  if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY)) {
    throw new TypeError(`temperature is ${temperature}: it must be 0 (greedy) or more`)
  }
  if (!(topP > 0 && topP <= 1)) throw new TypeError(`topP is ${topP}: it must be above 0 and at most 1`)
  if (!Number.isSafeInteger(seed)) throw new TypeError(`seed is ${seed}: it must be a whole number`)
  if (stop.includes('')) throw new TypeError('stop has an empty string: every stop string needs a character')
  return { maxNewTokens, temperature, topK, topP, stop, seed }
}

function checkWhole(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new TypeError(`${name} is ${value}: it must be a whole number, 1 or more`)
  }
}
