export { type ByteSource, bytesSource } from './byte-source'
export { bfloat16ToHalf, float32ToHalf, fromBfloat16, toFloat16, toFloat32 } from './convert'
export { decodeModel } from './decode'
export { encodeModel } from './encode'
export {
  type AttributeValue,
  createGraph,
  float,
  floats,
  type GraphBuilder,
  type GraphOptions,
  type GraphValue,
  type NodeOptions,
} from './graph'
export type {
  ExternalData,
  OnnxAttribute,
  OnnxElementType,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from './model'
export { type QuantizedFormat, type QuantizedRows, type QuantizeOptions, quantizeRows } from './quantize'
export { openSafetensors, type Safetensors, type SafetensorsEntry, type SafetensorsType } from './safetensors'
export {
  type ByteSink,
  type SafetensorsInput,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from './safetensors-writer'
export { createTensor, readTensorData } from './tensor'
export { type ConvertTfjsOptions, convertTfjsGraph } from './tfjs/convert'
export type { TfjsAttribute, TfjsModelJson, TfjsNode, TfjsWeight } from './tfjs/graph-model'
export { readTorchCheckpoint, type TorchCheckpoint, type TorchValue } from './torch/checkpoint'
export { TorchTensor } from './torch/tensor'
export {
  convertWeight,
  type QuantizeWeightOptions,
  quantizedInputs,
  quantizeWeight,
  type ReadWeightOptions,
  type WeightTensor,
} from './weight'
