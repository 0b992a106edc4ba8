import type { Tensor } from '@perstream/spec'
import * as ort from 'onnxruntime-node'
import { convertTfjsGraph, encodeModel, type TfjsAttribute, type TfjsModelJson, type TfjsNode } from '../src/index'

type Type = 'float32' | 'int32' | 'bool'

/** A tensor of plain numbers. */
export interface Numbers {
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

/** A TensorFlow.js model of one operation, whose inputs are constants or, where named in `computed`, graph inputs. */
export interface OneOperation {
  readonly op: string
  readonly attr?: Record<string, TfjsAttribute>
  readonly inputs: readonly (Numbers & { readonly type?: Type | undefined })[]
  /** Places of the inputs that are fed at run time. */
  readonly computed?: readonly number[]
  readonly outputs?: readonly string[]
}

/** Converts a model of one operation to ONNX, runs it on ONNX Runtime and gives its outputs. */
export async function runOperation({ op, attr = {}, inputs, computed = [0], outputs = ['result'] }: OneOperation) {
  const nodes: TfjsNode[] = inputs.map(({ shape, type = 'float32' }, i) =>
    computed.includes(i)
      ? {
          name: `input${i}`,
          op: 'Placeholder',
          attr: { dtype: dtype(type), shape: shapeAttribute(shape.map(() => -1)) },
        }
      : { name: `input${i}`, op: 'Const' },
  )
  nodes.push({ name: 'result', op, input: inputs.map((_, i) => `input${i}`), attr })
  const constants = inputs.flatMap((input, i) => (computed.includes(i) ? [] : [{ ...input, name: `input${i}` }]))
  const model = toModel(nodes, constants)
  const feeds = Object.fromEntries(
    computed.map((i) => {
      const { type = 'float32', shape, values } = inputs[i]!
      return [`input${i}`, new ort.Tensor(type, toArray(type, values) as Float32Array, [...shape])]
    }),
  )
  return run(model.json, model.weights, feeds, outputs)
}

/** Runs a whole model. */
export async function run(
  json: TfjsModelJson,
  weights: readonly Uint8Array[],
  feeds: Record<string, ort.Tensor>,
  outputs?: readonly string[],
): Promise<Record<string, Numbers & { type: string }>> {
  const bytes = encodeModel(convertTfjsGraph(json, weights, { outputs }))
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 })
  const results = await session.run(feeds)
  await session.release()
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, dims, data }]) => [
      name,
      { type, shape: [...dims], values: Array.from(data as Iterable<number | bigint>, Number) },
    ]),
  )
}

/** Lays constants out as weights. */
export function toModel(
  nodes: readonly TfjsNode[],
  constants: readonly (Numbers & { readonly name: string; readonly type?: Type | undefined })[],
): { json: TfjsModelJson; weights: Uint8Array[] } {
  const weights = constants.map(({ name, shape, type = 'float32' }) => ({ name, shape, dtype: type }))
  const chunks = constants.map(({ type = 'float32', values }) => {
    const data = toArray(type, values)
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
  })
  return { json: { modelTopology: { node: nodes }, weightsManifest: [{ paths: [], weights }] }, weights: chunks }
}

/** A text attribute as one of the two ways TensorFlow.js writes it: base64. */
export function text(value: string): TfjsAttribute {
  return { s: btoa(value) }
}

export function ints(...values: number[]): TfjsAttribute {
  return { list: { i: values.map(String) } }
}

export function texts(...values: string[]): TfjsAttribute {
  return { list: { s: values.map((value) => btoa(value)) } }
}

export function dtype(type: Type): TfjsAttribute {
  return { type: { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' }[type] }
}

function shapeAttribute(sizes: readonly number[]): TfjsAttribute {
  return { shape: { dim: sizes.map((size) => ({ size: String(size) })) } }
}

function toArray(type: Type, values: readonly number[]): Tensor['data'] {
  if (type === 'float32') return Float32Array.from(values)
  return type === 'int32' ? Int32Array.from(values) : Uint8Array.from(values)
}
