import type { ExternalData } from '@perstream/onnx'
import { PerStreamError } from '@perstream/spec'

/** Types of numbers that weights are stored in as they are. */
export type PlainType = 'float32' | 'float16' | 'bfloat16'

/** A tensor whose numbers are stored one by one. */
export interface PlainWeight {
  readonly type: PlainType
  readonly data: ExternalData
}

/**
 * A matrix [outputs, inputs] in blocks along its rows, as `MatMulNBits` takes it: each value is `scale * (code - middle)`,
 * where the middle is 8 for 4 bits and 128 for 8.
 */
export interface BlockWeight {
  readonly bits: 4 | 8
  readonly blockSize: number
  /** uint8 [outputs, blocks, blockSize * bits / 8] */
  readonly codes: ExternalData
  /** [outputs, blocks] */
  readonly scales: ExternalData
  readonly scaleType: 'float32' | 'float16'
}

/** How a weight is stored, and where. One that is read as rows and multiplied too can be there in both ways. */
export interface StoredWeight {
  readonly shape: readonly number[]
  readonly plain?: PlainWeight | undefined
  readonly blocks?: BlockWeight | undefined
}

/** The weights of a model by their names in the published checkpoint. */
export type WeightTable = ReadonlyMap<string, StoredWeight>

/**
 * Gives a weight after checking that it is there and has the shape that the config implies.
 * @throws PerStreamError `model-invalid` that names the tensor, the shape found and the shape wanted
 */
export function requireWeight(table: WeightTable, name: string, shape: readonly number[]): StoredWeight {
  const weight = table.get(name)
  if (!weight) {
    throw new PerStreamError(
      'model-invalid',
      `The checkpoint has no tensor "${name}" of shape [${shape}], which config.json implies: download it again, or with the config.json that belongs to it`,
      { fields: { tensor: name, wanted: shape } },
    )
  }
  if (weight.shape.length !== shape.length || weight.shape.some((size, axis) => size !== shape[axis])) {
    throw new PerStreamError(
      'model-invalid',
      `The tensor "${name}" has the shape [${weight.shape}], config.json implies [${shape}]: the two do not belong together`,
      { fields: { tensor: name, found: weight.shape, wanted: shape } },
    )
  }
  return weight
}
