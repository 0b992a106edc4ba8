import type { ElementType } from '@perstream/spec'

/** Element types that weights are stored in; bfloat16 never crosses a runtime's boundary. */
export type OnnxElementType = ElementType | 'bfloat16'

/** Where in another file the values of a tensor lie, raw and little-endian. */
export interface ExternalData {
  /** The file: a path relative to the model's folder, or the name of bytes given beside the model. */
  readonly location: string
  /** Bytes from the start of the file. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
}

/**
 * A tensor stored in a model: raw little-endian values, row-major, in the model or in another file. Their bytes are the
 * number of elements times the size of one.
 */
export interface OnnxTensor {
  readonly name: string
  readonly type: OnnxElementType
  readonly shape: readonly number[]
  readonly data: Uint8Array | ExternalData
}

/** The value of a node's attribute. Whole numbers beyond 2^53 are bigints. */
export type OnnxAttribute =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: number | bigint }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: OnnxTensor }
  | { readonly type: 'graph'; readonly value: OnnxGraph }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly (number | bigint)[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }

/** One operation. An input that is left out is an empty name. */
export interface OnnxNode {
  readonly name: string
  readonly operator: string
  /** '' is the standard set of operators. */
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
}

/** Name, type and shape of a value; an unknown size is its name, or -1; an unknown shape is undefined. */
export interface OnnxValueInfo {
  readonly name: string
  readonly type: OnnxElementType
  readonly shape: readonly (number | string)[] | undefined
}

/** Operations in an order in which they can run, and the values at their boundary. */
export interface OnnxGraph {
  readonly name: string
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly OnnxTensor[]
  readonly inputs: readonly OnnxValueInfo[]
  readonly outputs: readonly OnnxValueInfo[]
  /** What is known of values between nodes. */
  readonly values: readonly OnnxValueInfo[]
}

/** A whole model. */
export interface OnnxModel {
  readonly irVersion: number
  readonly producer: string
  /** The version of each set of operators that the nodes use; '' is the standard set. */
  readonly opsets: Readonly<Record<string, number>>
  readonly graph: OnnxGraph
  readonly metadata: Readonly<Record<string, string>>
}

/** Numbers of element types in `TensorProto.DataType` of onnx.proto. */
export const typeNumbers: Readonly<Record<OnnxElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
}

/** Numbers of attribute types in `AttributeProto.AttributeType` of onnx.proto. */
export const attributeNumbers: Readonly<Record<OnnxAttribute['type'], number>> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
}
