/** The typed arrays a multi-dimensional value can lie in. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/**
 * A strided view over flat data, in the shape of scijs `ndarray`: element (i, j, ...) lies at
 * `data[offset + i * stride[0] + j * stride[1] + ...]`. Strides count elements.
 */
export interface NdArray<Data extends TensorData = TensorData> {
  readonly data: Data
  readonly shape: readonly number[]
  readonly stride: readonly number[]
  readonly offset: number
}

/**
 * The grid of patch vectors a vision encoder makes of one frame: `rows x columns x dimensions`, row-major, the spatial
 * order of the frame kept. `data.length === rows * columns * dimensions`.
 */
export interface PatchGrid {
  readonly data: Float32Array
  readonly rows: number
  readonly columns: number
  readonly dimensions: number
  /** The id of the embedding space the patches live in: grids of different spaces are never compared. */
  readonly space: string
}

/**
 * How the values of a tensor are kept: 32-bit floats, 16-bit floats, or, with one scale for each row of the last axis, bytes or signs
 * alone ('b1': the row keeps its length).
 */
export type TensorPrecision = 'f32' | CoarserPrecision

/** A precision that has lost something, finer first. */
export type CoarserPrecision = 'f16' | 'i8' | 'b1'
