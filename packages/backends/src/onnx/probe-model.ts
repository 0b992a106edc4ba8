import type { ElementType } from '@perstream/spec'

/** Numbers of `TensorProto.DataType` in onnx.proto. */
const typeNumbers: Record<ElementType, number> = {
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
}

/** The ONNX file of `y = Identity(x)` for one element: the smallest model that shows whether a device runs a type. */
export function identityModel(type: ElementType): Uint8Array {
  const node = message(1, [...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Identity')])
  const shape = message(2, message(1, [0x08, 1]))
  const tensorType = message(2, message(1, [0x08, typeNumbers[type], ...shape]))
  const input = message(11, [...text(1, 'x'), ...tensorType])
  const output = message(12, [...text(1, 'y'), ...tensorType])
  const graph = message(7, [...node, ...text(2, 'probe'), ...input, ...output])
  const opset = message(8, [0x10, 17])
  return Uint8Array.from([0x08, 8, ...graph, ...opset])
}

/** A length-delimited protobuf field; contents below 128 bytes. */
function message(field: number, contents: readonly number[]): number[] {
  return [(field << 3) | 2, contents.length, ...contents]
}

function text(field: number, value: string): number[] {
  return message(field, [...new TextEncoder().encode(value)])
}
