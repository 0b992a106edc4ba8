import type { SafetensorsEntry } from '@perstream/onnx'
import type { Checkpoint } from '@perstream/onnx/node'
import type { BlockWeight, PlainType, StoredWeight, WeightTable } from '../graphs/weight-table'
import { blockSize } from './convert-weights'

/** Types of safetensors files that models compute with; others (counters, masks) are no weights. */
const plainTypes: Readonly<Record<string, PlainType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

const blockEnding = /\.q([48])$/

/** The weights of a published checkpoint where they are. Locations are the names of its files. */
export function checkpointTable(checkpoint: Checkpoint): WeightTable {
  const table = new Map<string, StoredWeight>()
  for (const [name, { entry, file }] of checkpoint.tensors) {
    const type = plainTypes[entry.type]
    if (type) table.set(name, { shape: entry.shape, plain: { type, data: placeOf(entry, file) } })
  }
  return table
}

/**
 * The weights of a file that `convertWeights` wrote.
 * @param published the checkpoint that they were made from, which says the shapes
 * @param location the file's name
 */
export function convertedTable(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  published: WeightTable,
  location: string,
): WeightTable {
  const table = new Map<string, StoredWeight>()
  for (const [key, entry] of tensors) {
    const bits = blockEnding.exec(key)?.[1]
    const name = bits === undefined ? key : key.slice(0, -3)
    const known = published.get(name)
    if (!known) continue // scales, which their matrix names
    const before = table.get(name) ?? { shape: known.shape }
    if (bits === undefined) {
      table.set(name, { ...before, plain: { type: plainTypes[entry.type]!, data: placeOf(entry, location) } })
    } else {
      const blocks: BlockWeight = {
        ...{ bits: bits === '4' ? 4 : 8, blockSize, codes: placeOf(entry, location), scaleType: 'float32' },
        scales: placeOf(tensors.get(`${name}.scales`)!, location),
      }
      table.set(name, { ...before, blocks })
    }
  }
  return table
}

function placeOf({ offset, length }: SafetensorsEntry, location: string) {
  return { location, offset, length }
}
