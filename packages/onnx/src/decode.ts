import { PerStreamError } from '@perstream/spec'
import {
  attributeNumbers,
  type ExternalData,
  type OnnxAttribute,
  type OnnxElementType,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
  typeNumbers,
} from './model'
import { bytesOf, floatsOf, integerOf, integersOf, type ProtoField, readFields, textOf } from './protobuf'
import { elementSize, rawBytes } from './tensor'

/**
 * Reads the bytes of an .onnx file. Tensor data are views of `bytes`, not copies, where the file stores them raw.
 * @throws PerStreamError `model-invalid` when the bytes are no ONNX model, `model-unsupported` for
 * functions, sparse or string tensors, and element types narrower than a byte
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  let irVersion = 0
  let producer = ''
  let graph: OnnxGraph | undefined
  const opsets: Record<string, number> = {}
  const metadata: Record<string, string> = {}
  for (const field of readFields(bytes)) {
    if (field.field === 1) irVersion = Number(integerOf(field))
    else if (field.field === 2) producer = textOf(field)
    else if (field.field === 7) graph = readGraph(bytesOf(field))
    else if (field.field === 8) Object.assign(opsets, readOpset(bytesOf(field)))
    else if (field.field === 14) Object.assign(metadata, readEntry(bytesOf(field)))
    else if (field.field === 25) throw unsupported('model functions')
  }
  if (!graph) throw new PerStreamError('model-invalid', 'The bytes are no ONNX model: they hold no graph')
  return { irVersion, producer, opsets, graph, metadata }
}

function readOpset(bytes: Uint8Array): Record<string, number> {
  let domain = ''
  let version = 0
  for (const field of readFields(bytes)) {
    if (field.field === 1) domain = textOf(field)
    else if (field.field === 2) version = Number(integerOf(field))
  }
  return { [domain]: version }
}

function readEntry(bytes: Uint8Array): Record<string, string> {
  let key = ''
  let value = ''
  for (const field of readFields(bytes)) {
    if (field.field === 1) key = textOf(field)
    else if (field.field === 2) value = textOf(field)
  }
  return { [key]: value }
}

function readGraph(bytes: Uint8Array): OnnxGraph {
  let name = ''
  const nodes: OnnxNode[] = []
  const initializers: OnnxTensor[] = []
  const inputs: OnnxValueInfo[] = []
  const outputs: OnnxValueInfo[] = []
  const values: OnnxValueInfo[] = []
  for (const field of readFields(bytes)) {
    if (field.field === 1) nodes.push(readNode(bytesOf(field)))
    else if (field.field === 2) name = textOf(field)
    else if (field.field === 5) initializers.push(readTensor(bytesOf(field)))
    else if (field.field === 11) inputs.push(readValueInfo(bytesOf(field)))
    else if (field.field === 12) outputs.push(readValueInfo(bytesOf(field)))
    else if (field.field === 13) values.push(readValueInfo(bytesOf(field)))
    else if (field.field === 15) throw unsupported('sparse tensors')
  }
  return { name, nodes, initializers, inputs, outputs, values }
}

function readNode(bytes: Uint8Array): OnnxNode {
  let [name, operator, domain] = ['', '', '']
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: Record<string, OnnxAttribute> = {}
  for (const field of readFields(bytes)) {
    if (field.field === 1) inputs.push(textOf(field))
    else if (field.field === 2) outputs.push(textOf(field))
    else if (field.field === 3) name = textOf(field)
    else if (field.field === 4) operator = textOf(field)
    else if (field.field === 5) Object.assign(attributes, readAttribute(bytesOf(field)))
    else if (field.field === 7) domain = textOf(field)
  }
  return { name, operator, domain, inputs, outputs, attributes }
}

function readAttribute(bytes: Uint8Array): Record<string, OnnxAttribute> {
  const fields = [...readFields(bytes)]
  const one = (number: number) => fields.find(({ field }) => field === number)
  const all = (number: number) => fields.filter(({ field }) => field === number)
  const name = one(1)
  const typeField = one(20)
  const number = typeField && Number(integerOf(typeField))
  const type = Object.entries(attributeNumbers).find(([, each]) => each === number)?.[0] as OnnxAttribute['type']
  if (!name || !type) throw unsupported(`attributes of type ${number}`)
  return { [textOf(name)]: readAttributeValue(type, one, all) }
}

function readAttributeValue(
  type: OnnxAttribute['type'],
  one: (number: number) => ProtoField | undefined,
  all: (number: number) => ProtoField[],
): OnnxAttribute {
  const need = (number: number) => {
    const field = one(number)
    if (!field) throw new PerStreamError('model-invalid', `An attribute of type ${type} has no value`)
    return field
  }
  if (type === 'float') return { type, value: one(2) ? floatsOf(need(2))[0]! : 0 }
  if (type === 'int') return { type, value: one(3) ? integerOf(need(3)) : 0 }
  if (type === 'string') return { type, value: one(4) ? textOf(need(4)) : '' }
  if (type === 'tensor') return { type, value: readTensor(bytesOf(need(5))) }
  if (type === 'graph') return { type, value: readGraph(bytesOf(need(6))) }
  if (type === 'floats') return { type, value: all(7).flatMap(floatsOf) }
  if (type === 'ints') return { type, value: all(8).flatMap(integersOf) }
  return { type, value: all(9).map(textOf) }
}

function readTensor(bytes: Uint8Array): OnnxTensor {
  let name = ''
  let type: OnnxElementType | undefined
  const shape: number[] = []
  let raw: Uint8Array | undefined
  const numbers: (number | bigint)[] = []
  const external: Record<string, string> = {}
  for (const field of readFields(bytes)) {
    if (field.field === 1) shape.push(...integersOf(field).map(Number))
    else if (field.field === 2) type = readType(field)
    else if (field.field === 8) name = textOf(field)
    else if (field.field === 9) raw = bytesOf(field)
    else if (field.field === 4) numbers.push(...floatsOf(field))
    else if (field.field === 5 || field.field === 7 || field.field === 11) numbers.push(...integersOf(field))
    else if (field.field === 10) raw = bytesOf(field)
    else if (field.field === 6) throw unsupported('string tensors')
    else if (field.field === 13) Object.assign(external, readEntry(bytesOf(field)))
  }
  if (!type) throw new PerStreamError('model-invalid', `The tensor "${name}" has no element type`)
  const expected = shape.reduce((product, size) => product * size, 1) * elementSize(type)
  const data = external.location === undefined ? (raw ?? rawBytes(type, numbers)) : readExternal(external, expected)
  if (data.length !== expected) {
    const problem = `it has ${data.length} bytes, its type ${type} and shape [${shape}] need ${expected}`
    throw new PerStreamError('model-invalid', `The tensor "${name}" is damaged: ${problem}`)
  }
  return { name, type, shape, data }
}

/** The place of values in another file; without a length they reach as far as the tensor needs. */
function readExternal({ location = '', offset = '0', length }: Record<string, string>, expected: number): ExternalData {
  const place = { location, offset: Number(offset), length: length === undefined ? expected : Number(length) }
  if (![place.offset, place.length].every((number) => Number.isSafeInteger(number) && number >= 0)) {
    const given = `offset "${offset}", length "${length}"`
    throw new PerStreamError('model-invalid', `Weights in "${location}" have no place: ${given}`)
  }
  return place
}

function readType(field: ProtoField): OnnxElementType {
  const number = Number(integerOf(field))
  const found = Object.entries(typeNumbers).find(([, each]) => each === number)
  if (!found) throw unsupported(`tensors of element type ${number}`)
  return found[0] as OnnxElementType
}

function readValueInfo(bytes: Uint8Array): OnnxValueInfo {
  let name = ''
  let type: OnnxElementType | undefined
  let shape: (number | string)[] | undefined
  for (const field of readFields(bytes)) {
    if (field.field === 1) name = textOf(field)
    if (field.field !== 2) continue
    for (const kind of readFields(bytesOf(field))) {
      if (kind.field !== 1) throw unsupported(`the value "${name}", which is no tensor`)
      for (const part of readFields(bytesOf(kind))) {
        if (part.field === 1) type = readType(part)
        else if (part.field === 2) shape = readShape(bytesOf(part))
      }
    }
  }
  if (!type) throw new PerStreamError('model-invalid', `The value "${name}" has no element type`)
  return { name, type, shape }
}

function readShape(bytes: Uint8Array): (number | string)[] {
  return [...readFields(bytes)].map((dimension) => {
    let size: number | string = -1
    for (const field of readFields(bytesOf(dimension))) {
      if (field.field === 1) size = Number(integerOf(field))
      else if (field.field === 2) size = textOf(field)
    }
    return size
  })
}

function unsupported(what: string): PerStreamError {
  return new PerStreamError('model-unsupported', `The model uses ${what}, which this reader does not read`)
}
