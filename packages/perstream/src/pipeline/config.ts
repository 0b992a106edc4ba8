/**
 * The prototype's parameters (README, "Configuration Parameters"), same meaning, same ranges.
 */
export interface PipelineConfig {
  /** Remember gate threshold, 0..1, for the gate modes that score in that range. Default: the gate's own. */
  readonly gammaThreshold: number | undefined
  /** Cosine that starts a graph walk in retrieval, 0..1. Default 0.3. */
  readonly deltaDfsThreshold: number
  /** Keyframes looked at together, 1..32. Default 4. */
  readonly bufferSize: number
  /** Rows and columns that patch grids are pooled to, 2..16 each. Default [8, 8]. */
  readonly poolSize: readonly [rows: number, columns: number]
  /** Memories retrieved for a question or a moment, 1..20. Default 5. */
  readonly topK: number
  /** How many newest entries short-term memory holds, first in first out, 1..64. Default 4. */
  readonly queueSize: number
}

/** The defaults of the prototype's README. */
export const defaultConfig: PipelineConfig = {
  gammaThreshold: undefined,
  deltaDfsThreshold: 0.3,
  bufferSize: 4,
  poolSize: [8, 8],
  topK: 5,
  queueSize: 4,
}

/** Parameters as they are given: what is absent or undefined takes its default. */
export type PipelineConfigOptions = { readonly [Name in keyof PipelineConfig]?: PipelineConfig[Name] | undefined }

/** Fills in defaults and checks ranges. @throws TypeError that names the parameter, its value and its range */
export function resolveConfig(given: PipelineConfigOptions = {}): PipelineConfig {
  const config: PipelineConfig = { ...defaultConfig, ...definedOnly(given) }
  if (config.gammaThreshold !== undefined) within('gammaThreshold', config.gammaThreshold, 0, 1)
  within('deltaDfsThreshold', config.deltaDfsThreshold, 0, 1)
  wholeWithin('bufferSize', config.bufferSize, 1, 32)
  wholeWithin('topK', config.topK, 1, 20)
  wholeWithin('queueSize', config.queueSize, 1, 64)
  if (config.poolSize.length !== 2) throw new TypeError(`poolSize is [${config.poolSize}]: give rows and columns`)
  for (const side of config.poolSize) wholeWithin('poolSize', side, 2, 16)
  return config
}

function definedOnly(given: PipelineConfigOptions): Partial<PipelineConfig> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function within(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high))
    throw new TypeError(`${name} is ${value}: it must lie between ${low} and ${high}`)
}

function wholeWithin(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value)) throw new TypeError(`${name} is ${value}: it must be a whole number`)
  within(name, value, low, high)
}
