import type { ByteSource } from '@perstream/onnx'
import { createWireReader, type WireField, type WireReader } from './wire-reader'

/** What is read of a model before the runtime sees it. */
export interface ModelFacts {
  /** The names of its outputs. */
  readonly outputs: readonly string[]
  /** The files beside it that hold weights, in the order in which it names them. */
  readonly externalLocations: readonly string[]
  /**
   * Whether half floats are computed with at run time. Weights that are widened when the model is opened do not count, nor
   * what is only looked up and moved before it is widened.
   */
  readonly computesFloat16: boolean
  /** Nodes that look up, move and widen half floats. */
  readonly halfMovers: readonly NodePlace[]
  /** Sines and cosines: WebGPU promises them to a few ten thousandths only. */
  readonly angles: readonly NodePlace[]
  /** Where the graph lies in the file. */
  readonly graph: FieldPlace
}

/** Where a field lies in a file: its tag, its contents, and how many bytes these have. */
export type FieldPlace = Pick<WireField, 'at' | 'start' | 'length'>

/** A node of the graph: its name, '' where it has none, and its place in the file. */
export interface NodePlace extends FieldPlace {
  readonly name: string
}

interface Facts {
  readonly outputs: string[]
  readonly locations: Set<string>
  /** Element types of values, by name, as far as they are known. */
  readonly types: Map<string, number>
  /** Values that do not change from run to run, which the runtime computes once, when it opens the model. */
  readonly constants: Set<string>
  readonly nodes: ScannedNode[]
}

interface ScannedNode {
  readonly operator: string
  /** Undefined for a node within a node. */
  readonly place: NodePlace | undefined
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** The element type that a Cast makes, or that of a Constant. */
  readonly type: number | undefined
}

const float16 = 10
/** Operators that look up, move or widen values without computing with them. */
const movers = new Set(
  'Gather GatherElements GatherND Cast Reshape Transpose Concat Slice Split Squeeze Unsqueeze Identity Expand Flatten Shape'.split(
    ' ',
  ),
)
/** Operators whose result never has the element type of their first input. */
const fixedTypes: Readonly<Record<string, number>> = {
  ...{ Shape: 7, Size: 7, NonZero: 7, ArgMax: 7, ArgMin: 7 },
  ...{ Equal: 9, Greater: 9, GreaterOrEqual: 9, Less: 9, LessOrEqual: 9, And: 9, Or: 9, Not: 9, IsNaN: 9, IsInf: 9 },
}
/** Operators that carry the element type of a later input: the scale, the choices. */
const typeInputs: Readonly<Record<string, number>> = { DequantizeLinear: 1, Where: 1, Compress: 0 }
/** Not computed when the model is opened, even of constants. */
const neverFolded = new Set(['DequantizeLinear', 'QuantizeLinear', 'RandomNormal', 'RandomUniform'])

/**
 * Reads names, types and nodes of a model, and passes over its weights: external files are not opened, stored ones not
 * read.
 * @throws PerStreamError `model-invalid` when the bytes are no ONNX model
 */
export async function scanModel(source: ByteSource): Promise<ModelFacts> {
  const reader = createWireReader(source)
  const facts: Facts = { outputs: [], locations: new Set(), types: new Map(), constants: new Set(), nodes: [] }
  let graph: FieldPlace = { at: 0, start: 0, length: 0 }
  for await (const field of reader.fields(0, source.size)) {
    if (field.field !== 7) continue
    graph = { at: field.at, start: field.start, length: field.length }
    facts.outputs.push(...(await scanGraph(reader, field, facts, true)))
  }
  const { outputs, locations, nodes } = facts
  const angles = nodes.filter(({ operator }) => operator === 'Sin' || operator === 'Cos').flatMap(placeOf)
  return { outputs, externalLocations: [...locations], ...followFloat16(facts), angles, graph }
}

/** Adds what a graph holds to the facts, and gives the names of its outputs. */
async function scanGraph(reader: WireReader, graph: WireField, facts: Facts, outermost = false): Promise<string[]> {
  const outputs: string[] = []
  for await (const field of reader.fields(graph.start, graph.length)) {
    if (field.field === 1) facts.nodes.push(await scanNode(reader, field, facts, outermost))
    else if (field.field === 5) {
      const { name, type } = await scanTensor(reader, field, facts)
      facts.types.set(name, type)
      facts.constants.add(name)
    } else if (field.field === 11 || field.field === 12 || field.field === 13) {
      const { name, type } = await scanValue(reader, field)
      if (type !== undefined) facts.types.set(name, type)
      if (field.field === 12) outputs.push(name)
    }
  }
  return outputs
}

async function scanTensor(reader: WireReader, tensor: WireField, { locations }: Facts) {
  let name = ''
  let type = 0
  for await (const field of reader.fields(tensor.start, tensor.length)) {
    if (field.field === 2) type = field.value
    else if (field.field === 8) name = await reader.text(field)
    else if (field.field === 13) {
      const [key, value] = await scanEntry(reader, field)
      if (key === 'location') locations.add(value)
    }
  }
  return { name, type }
}

async function scanEntry(reader: WireReader, entry: WireField): Promise<[key: string, value: string]> {
  let key = ''
  let value = ''
  for await (const field of reader.fields(entry.start, entry.length)) {
    if (field.field === 1) key = await reader.text(field)
    else if (field.field === 2) value = await reader.text(field)
  }
  return [key, value]
}

async function scanValue(reader: WireReader, info: WireField) {
  let name = ''
  let type: number | undefined
  for await (const field of reader.fields(info.start, info.length)) {
    if (field.field === 1) name = await reader.text(field)
    if (field.field !== 2) continue
    for await (const kind of reader.fields(field.start, field.length)) {
      if (kind.field !== 1) continue
      for await (const part of reader.fields(kind.start, kind.length)) if (part.field === 1) type = part.value
    }
  }
  return { name, type }
}

function placeOf({ place }: ScannedNode): NodePlace[] {
  return place ? [place] : []
}

async function scanNode(reader: WireReader, node: WireField, facts: Facts, outermost: boolean): Promise<ScannedNode> {
  let [name, operator] = ['', '']
  let type: number | undefined
  const inputs: string[] = []
  const outputs: string[] = []
  for await (const field of reader.fields(node.start, node.length)) {
    if (field.field === 1) inputs.push(await reader.text(field))
    else if (field.field === 2) outputs.push(await reader.text(field))
    else if (field.field === 3) name = await reader.text(field)
    else if (field.field === 4) operator = await reader.text(field)
    else if (field.field === 5) type = (await scanAttribute(reader, field, facts)) ?? type
  }
  const { at, start, length } = node
  return { operator, place: outermost ? { name, at, start, length } : undefined, inputs, outputs, type }
}

/** The element type that an attribute names: `to` of a Cast, `value` of a Constant. Graphs within are scanned as well. */
async function scanAttribute(reader: WireReader, attribute: WireField, facts: Facts): Promise<number | undefined> {
  let name = ''
  let number: number | undefined
  for await (const field of reader.fields(attribute.start, attribute.length)) {
    if (field.field === 1) name = await reader.text(field)
    else if (field.field === 3) number = field.value
    else if (field.field === 5) number = (await scanTensor(reader, field, facts)).type
    else if (field.field === 6) await scanGraph(reader, field, facts)
  }
  return name === 'to' || name === 'value' || name === 'dtype' ? number : undefined
}

/** Follows element types through the nodes, which lie in an order in which they can run. */
function followFloat16({ types, constants, nodes }: Facts): Pick<ModelFacts, 'computesFloat16' | 'halfMovers'> {
  const touching: ScannedNode[] = []
  for (const node of nodes) {
    const { operator, inputs, outputs, type } = node
    const given = inputs.filter((name) => name !== '')
    const folded = !neverFolded.has(operator) && given.every((name) => constants.has(name))
    const carried = types.get(inputs[typeInputs[operator] ?? 0] ?? '')
    const made = type ?? fixedTypes[operator] ?? carried
    for (const name of outputs) {
      if (folded) constants.add(name)
      if (made !== undefined && !types.has(name)) types.set(name, made)
    }
    const touches = given.some((name) => types.get(name) === float16) || made === float16
    if (!folded && touches) touching.push(node)
  }
  const moved = touching.every(({ operator, place }) => place !== undefined && movers.has(operator))
  return { computesFloat16: !moved, halfMovers: moved ? touching.flatMap(placeOf) : [] }
}
