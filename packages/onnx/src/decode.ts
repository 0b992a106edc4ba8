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
import { bytesOf, floatsOf, integerOf, integersOf, mostNumbers, type ProtoField, readFields, textOf } from './protobuf'
import { elementSize, rawBytes } from './tensor'

/**
 * Reads the bytes of an .onnx file. Tensor data are views of `bytes`, not copies, where the file stores them raw.
 * @throws PerStreamError `model-invalid` when the bytes are no ONNX model, `model-unsupported` for
 * functions, sparse or string tensors, and element types narrower than a byte
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  const budget = createBudget()
  let irVersion = 0
  let producer = ''
  let graph: OnnxGraph | undefined
  const opsets: [string, number][] = []
  const metadata: [string, string][] = []
  for (const field of readFields(bytes)) {
    if (field.field === 1) irVersion = Number(integerOf(field))
    else if (field.field === 2) producer = textOf(field)
    else if (field.field === 7) graph = readGraph(bytesOf(field), budget)
    else if (field.field === 8) opsets.push(readOpset(bytesOf(field), budget))
    else if (field.field === 14) metadata.push(readEntry(bytesOf(field), budget))
    else if (field.field === 25) throw unsupported('model functions')
  }
  if (!graph) throw new PerStreamError('model-invalid', 'The bytes are no ONNX model: they hold no graph')
  return { irVersion, producer, opsets: Object.fromEntries(opsets), graph, metadata: Object.fromEntries(metadata) }
}

/** Parts of a graph lie within each other no deeper than this. */
const deepest = 32
/** Nodes and their names, tensors, values, sizes and attributes: so many are beyond any model, and far below what memory holds. */
const mostParts = 2_000_000

/** Counts what a model is made of, so that a small file cannot fill the memory. */
interface Budget {
  readonly depth: number
  /** Takes one part. */
  spend(): void
  /** The budget within a part. */
  inner(): Budget
}

function createBudget(depth = 0, counted = { parts: 0 }): Budget {
  return {
    depth,
    spend() {
      if (++counted.parts > mostParts) throw unsupported(`more than ${mostParts} nodes, tensors and values`)
    },
    inner() {
      if (depth === deepest) throw unsupported(`graphs that lie within each other deeper than ${deepest}`)
      return createBudget(depth + 1, counted)
    },
  }
}

function readOpset(bytes: Uint8Array, budget: Budget): [string, number] {
  budget.spend()
  let domain = ''
  let version = 0
  for (const field of readFields(bytes)) {
    if (field.field === 1) domain = textOf(field)
    else if (field.field === 2) version = Number(integerOf(field))
  }
  return [domain, version]
}

function readEntry(bytes: Uint8Array, budget: Budget): [string, string] {
  budget.spend()
  let key = ''
  let value = ''
  for (const field of readFields(bytes)) {
    if (field.field === 1) key = textOf(field)
    else if (field.field === 2) value = textOf(field)
  }
  return [key, value]
}

function readGraph(bytes: Uint8Array, budget: Budget): OnnxGraph {
  let name = ''
  const nodes: OnnxNode[] = []
  const initializers: OnnxTensor[] = []
  const inputs: OnnxValueInfo[] = []
  const outputs: OnnxValueInfo[] = []
  const values: OnnxValueInfo[] = []
  for (const field of readFields(bytes)) {
    if (field.field === 1) nodes.push(readNode(bytesOf(field), budget))
    else if (field.field === 2) name = textOf(field)
    else if (field.field === 5) initializers.push(readTensor(bytesOf(field), budget))
    else if (field.field === 11) inputs.push(readValueInfo(bytesOf(field), budget))
    else if (field.field === 12) outputs.push(readValueInfo(bytesOf(field), budget))
    else if (field.field === 13) values.push(readValueInfo(bytesOf(field), budget))
    else if (field.field === 15) throw unsupported('sparse tensors')
  }
  return { name, nodes, initializers, inputs, outputs, values }
}

function readNode(bytes: Uint8Array, budget: Budget): OnnxNode {
  budget.spend()
  let [name, operator, domain] = ['', '', '']
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: [string, OnnxAttribute][] = []
  for (const field of readFields(bytes)) {
    if (field.field === 1) inputs.push(readName(field, budget))
    else if (field.field === 2) outputs.push(readName(field, budget))
    else if (field.field === 3) name = textOf(field)
    else if (field.field === 4) operator = textOf(field)
    else if (field.field === 5) attributes.push(readAttribute(bytesOf(field), budget))
    else if (field.field === 7) domain = textOf(field)
  }
  return { name, operator, domain, inputs, outputs, attributes: Object.fromEntries(attributes) }
}

function readName(field: ProtoField, budget: Budget): string {
  budget.spend()
  return textOf(field)
}

function readAttribute(bytes: Uint8Array, budget: Budget): [string, OnnxAttribute] {
  budget.spend()
  const name = lastField(bytes, 1)
  const typeField = lastField(bytes, 20)
  const number = typeField && Number(integerOf(typeField))
  const type = Object.entries(attributeNumbers).find(([, each]) => each === number)?.[0] as OnnxAttribute['type']
  if (!name || !type) throw unsupported(`attributes of type ${number}`)
  return [textOf(name), readAttributeValue(type, bytes, budget)]
}

function readAttributeValue(type: OnnxAttribute['type'], bytes: Uint8Array, budget: Budget): OnnxAttribute {
  const need = (number: number) => {
    const field = lastField(bytes, number)
    if (!field) throw new PerStreamError('model-invalid', `An attribute of type ${type} has no value`)
    return bytesOf(field)
  }
  if (type === 'float') return { type, value: listOf(bytes, 2, floatsOf).at(-1) ?? 0 }
  if (type === 'int') return { type, value: listOf(bytes, 3, integersOf).at(-1) ?? 0 }
  if (type === 'string') return { type, value: listOf(bytes, 4, (field) => [textOf(field)]).at(-1) ?? '' }
  if (type === 'tensor') return { type, value: readTensor(need(5), budget) }
  if (type === 'graph') return { type, value: readGraph(need(6), budget.inner()) }
  if (type === 'floats') return { type, value: listOf(bytes, 7, floatsOf) }
  if (type === 'ints') return { type, value: listOf(bytes, 8, integersOf) }
  return { type, value: listOf(bytes, 9, (field) => [textOf(field)]) }
}

/** The field of a number that counts: the last one. */
function lastField(bytes: Uint8Array, number: number): ProtoField | undefined {
  let found: ProtoField | undefined
  for (const field of readFields(bytes)) if (field.field === number) found = field
  return found
}

/** The values of a repeated field. */
function listOf<Value>(bytes: Uint8Array, number: number, read: (field: ProtoField) => Value[]): Value[] {
  const values: Value[] = []
  for (const field of readFields(bytes)) if (field.field === number) append(values, read(field))
  return values
}

/** Appends to a list, which can be longer than a call takes arguments. */
function append<Value>(list: Value[], more: readonly Value[]): void {
  if (list.length + more.length > mostNumbers) throw unsupported(`lists of more than ${mostNumbers} numbers`)
  for (const value of more) list.push(value)
}

function readTensor(bytes: Uint8Array, budget: Budget): OnnxTensor {
  budget.spend()
  let name = ''
  let type: OnnxElementType | undefined
  const shape: number[] = []
  let raw: Uint8Array | undefined
  const numbers: (number | bigint)[] = []
  const external: [string, string][] = []
  for (const field of readFields(bytes)) {
    if (field.field === 1) append(shape, integersOf(field).map(Number))
    else if (field.field === 2) type = readType(field)
    else if (field.field === 8) name = textOf(field)
    else if (field.field === 9) raw = bytesOf(field)
    else if (field.field === 4) append(numbers, floatsOf(field))
    else if (field.field === 5 || field.field === 7 || field.field === 11) append(numbers, integersOf(field))
    else if (field.field === 10) raw = bytesOf(field)
    else if (field.field === 6) throw unsupported('string tensors')
    else if (field.field === 13) external.push(readEntry(bytesOf(field), budget))
  }
  if (!type) throw new PerStreamError('model-invalid', `The tensor "${name}" has no element type`)
  const expected = shape.reduce((product, size) => product * size, 1) * elementSize(type)
  const place: Record<string, string> = Object.fromEntries(external)
  const data = place.location === undefined ? (raw ?? rawBytes(type, numbers)) : readExternal(place, expected)
  if (data.length !== expected) {
    const problem = `it has ${data.length} bytes, its type ${type} and shape [${shape.slice(0, 16)}] need ${expected}`
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

function readValueInfo(bytes: Uint8Array, budget: Budget): OnnxValueInfo {
  budget.spend()
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
        else if (part.field === 2) shape = readShape(bytesOf(part), budget)
      }
    }
  }
  if (!type) throw new PerStreamError('model-invalid', `The value "${name}" has no element type`)
  return { name, type, shape }
}

function readShape(bytes: Uint8Array, budget: Budget): (number | string)[] {
  const shape: (number | string)[] = []
  for (const dimension of readFields(bytes)) {
    budget.spend()
    let size: number | string = -1
    for (const field of readFields(bytesOf(dimension))) {
      if (field.field === 1) size = Number(integerOf(field))
      else if (field.field === 2) size = textOf(field)
    }
    shape.push(size)
  }
  return shape
}

function unsupported(what: string): PerStreamError {
  return new PerStreamError('model-unsupported', `The model uses ${what}, which this reader does not read`)
}
