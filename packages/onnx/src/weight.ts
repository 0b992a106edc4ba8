import type { ByteSource } from './byte-source'
import type { SafetensorsEntry } from './safetensors'

/** A tensor of a checkpoint: where its values lie, in which file. Nothing of it is in memory. */
export interface WeightTensor {
  readonly entry: SafetensorsEntry
  readonly source: ByteSource
}
