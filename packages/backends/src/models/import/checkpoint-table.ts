import type { Checkpoint } from '@perstream/onnx/node'
import type { PlainType, PlainWeight, WeightTable } from '../graphs/weight-table'

/** Types of safetensors files that models compute with; others (counters, masks) are no weights. */
const plainTypes: Readonly<Record<string, PlainType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

/** The weights of a checkpoint where they are. Locations are the names of its files. */
export function checkpointTable(checkpoint: Checkpoint): WeightTable {
  const table = new Map<string, PlainWeight>()
  for (const [name, { entry, file }] of checkpoint.tensors) {
    const type = plainTypes[entry.type]
    if (!type) continue
    const { offset, length } = entry
    table.set(name, { kind: 'plain', type, shape: entry.shape, data: { location: file, offset, length } })
  }
  return table
}
