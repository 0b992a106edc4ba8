import { type ElementType, PerStreamError } from '@perstream/spec'

/** What we read of the model.json of a TensorFlow.js graph model. */
export interface TfjsModelJson {
  readonly modelTopology: { readonly node: readonly TfjsNode[] }
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly TfjsWeight[] }[]
  readonly signature?: { readonly outputs?: Readonly<Record<string, { readonly name: string }>> } | null | undefined
}

/** A node of a TensorFlow graph. */
export interface TfjsNode {
  readonly name: string
  readonly op: string
  readonly input?: readonly string[] | undefined
  readonly attr?: Readonly<Record<string, TfjsAttribute>> | undefined
}

/** An attribute as protobuf's JSON mapping writes it: strings in base64 or as bytes, enums by name or number. */
export interface TfjsAttribute {
  readonly s?: string | readonly number[] | undefined
  readonly i?: string | number | undefined
  readonly f?: number | undefined
  readonly b?: boolean | undefined
  readonly type?: string | number | undefined
  readonly shape?: { readonly dim?: readonly { readonly size: string | number }[] } | undefined
  readonly list?:
    | { readonly s?: readonly (string | readonly number[])[]; readonly i?: readonly (string | number)[] }
    | undefined
}

/** One entry of the weights manifest: the weights lie one after another in the shards. */
export interface TfjsWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: string
  readonly quantization?: { readonly dtype: string; readonly scale?: number; readonly min?: number } | undefined
}

/** Typed access to the attributes of a node. */
export interface NodeAttributes {
  text(key: string): string | undefined
  integer(key: string): number | undefined
  flag(key: string): boolean
  integers(key: string): number[]
  texts(key: string): string[]
  /** @throws PerStreamError `model-unsupported` for a type that no tensor here has */
  type(key: string): ElementType | undefined
  /** Sizes; -1 where unknown. Undefined when the attribute is missing. */
  shape(key: string): number[] | undefined
}

/** Reads the attributes of a node. */
export function attributesOf(node: TfjsNode): NodeAttributes {
  const attributes = node.attr ?? {}
  return {
    text: (key) => (attributes[key]?.s === undefined ? undefined : decodeText(attributes[key].s)),
    integer: (key) => (attributes[key]?.i === undefined ? undefined : Number(attributes[key].i)),
    flag: (key) => attributes[key]?.b ?? false,
    integers: (key) => (attributes[key]?.list?.i ?? []).map(Number),
    texts: (key) => (attributes[key]?.list?.s ?? []).map(decodeText),
    type: (key) => (attributes[key]?.type === undefined ? undefined : elementType(node, attributes[key].type)),
    shape: (key) => attributes[key]?.shape && (attributes[key].shape.dim ?? []).map(({ size }) => Number(size)),
  }
}

function decodeText(value: string | readonly number[]): string {
  return typeof value === 'string' ? atob(value) : String.fromCharCode(...value)
}

/** TensorFlow's whole numbers are 32 bits wide in TensorFlow.js; here they become int64, as ONNX wants of shapes. */
function elementType(node: TfjsNode, type: string | number): ElementType {
  if (type === 1 || type === 'DT_FLOAT') return 'float32'
  if (type === 3 || type === 'DT_INT32' || type === 9 || type === 'DT_INT64') return 'int64'
  if (type === 10 || type === 'DT_BOOL') return 'bool'
  throw unsupported(node, `values of type ${type}`)
}

/** The error of a node that cannot be converted. */
export function unsupported(node: TfjsNode, what: string): PerStreamError {
  return new PerStreamError(
    'model-unsupported',
    `Node "${node.name}" (${node.op}) cannot be converted to ONNX: ${what}`,
    {
      fields: { node: node.name, operator: node.op },
    },
  )
}
