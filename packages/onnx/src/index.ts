export { type ByteSource, bytesSource } from './byte-source'
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
export { openSafetensors, type Safetensors, type SafetensorsEntry, type SafetensorsType } from './safetensors'
export { createTensor, readTensorData } from './tensor'
export { type ConvertTfjsOptions, convertTfjsGraph } from './tfjs/convert'
export type { TfjsAttribute, TfjsModelJson, TfjsNode, TfjsWeight } from './tfjs/graph-model'
export type { WeightTensor } from './weight'
