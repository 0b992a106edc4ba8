import {
  attributeNumbers,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
  typeNumbers,
} from './model'
import { ProtoWriter } from './protobuf'

/** `TensorProto.DataLocation.EXTERNAL` of onnx.proto. */
const externalLocation = 1

/** Writes a model as the bytes of an .onnx file. Tensor data is copied once. */
export function encodeModel({ irVersion, producer, graph, opsets, metadata }: OnnxModel): Uint8Array {
  const writer = new ProtoWriter().integer(1, irVersion).text(2, producer).message(7, writeGraph(graph))
  for (const [domain, version] of Object.entries(opsets)) {
    writer.message(8, new ProtoWriter().text(1, domain).integer(2, version))
  }
  for (const [key, value] of Object.entries(metadata)) writer.message(14, new ProtoWriter().text(1, key).text(2, value))
  return writer.finish()
}

function writeGraph({ name, nodes, initializers, inputs, outputs, values }: OnnxGraph): ProtoWriter {
  const writer = new ProtoWriter()
  for (const node of nodes) writer.message(1, writeNode(node))
  writer.text(2, name)
  for (const tensor of initializers) writer.message(5, writeTensor(tensor))
  for (const value of inputs) writer.message(11, writeValueInfo(value))
  for (const value of outputs) writer.message(12, writeValueInfo(value))
  for (const value of values) writer.message(13, writeValueInfo(value))
  return writer
}

function writeNode({ name, operator, domain, inputs, outputs, attributes }: OnnxNode): ProtoWriter {
  const writer = new ProtoWriter()
  for (const input of inputs) writer.text(1, input)
  for (const output of outputs) writer.text(2, output)
  writer.text(3, name).text(4, operator)
  for (const [key, attribute] of Object.entries(attributes)) writer.message(5, writeAttribute(key, attribute))
  return domain === '' ? writer : writer.text(7, domain)
}

function writeAttribute(name: string, attribute: OnnxAttribute): ProtoWriter {
  const writer = new ProtoWriter().text(1, name)
  writeAttributeValue(writer, attribute)
  return writer.integer(20, attributeNumbers[attribute.type])
}

function writeAttributeValue(writer: ProtoWriter, { type, value }: OnnxAttribute): void {
  if (type === 'float') writer.float(2, value)
  else if (type === 'int') writer.integer(3, value)
  else if (type === 'string') writer.text(4, value)
  else if (type === 'tensor') writer.message(5, writeTensor(value))
  else if (type === 'graph') writer.message(6, writeGraph(value))
  else if (type === 'floats') for (const each of value) writer.float(7, each)
  else if (type === 'ints') for (const each of value) writer.integer(8, each)
  else for (const each of value) writer.text(9, each)
}

function writeTensor({ name, type, shape, data }: OnnxTensor): ProtoWriter {
  const writer = new ProtoWriter().integers(1, shape).integer(2, typeNumbers[type]).text(8, name)
  if (data instanceof Uint8Array) return writer.bytes(9, data)
  for (const [key, value] of Object.entries({ location: data.location, offset: data.offset, length: data.length })) {
    writer.message(13, new ProtoWriter().text(1, key).text(2, String(value)))
  }
  return writer.integer(14, externalLocation)
}

function writeValueInfo({ name, type, shape }: OnnxValueInfo): ProtoWriter {
  const tensor = new ProtoWriter().integer(1, typeNumbers[type])
  if (shape) {
    const sizes = new ProtoWriter()
    for (const size of shape) sizes.message(1, writeSize(size))
    tensor.message(2, sizes)
  }
  return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, tensor))
}

function writeSize(size: number | string): ProtoWriter {
  if (typeof size === 'string') return new ProtoWriter().text(2, size)
  return size === -1 ? new ProtoWriter() : new ProtoWriter().integer(1, size)
}
