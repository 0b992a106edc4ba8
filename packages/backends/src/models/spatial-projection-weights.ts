import { bytesSource, openSafetensors, readTorchCheckpoint, type SafetensorsType, toFloat32 } from '@perstream/onnx'
import { PerStreamError } from '@perstream/spec'

/** A linear layer: y = W x + b. */
export interface LinearWeights {
  /** [outputs, inputs] */
  readonly weight: Float32Array
  readonly bias: Float32Array
  readonly inputs: number
  readonly outputs: number
}

/** Scale and shift of a layer norm. */
export interface NormWeights {
  readonly weight: Float32Array
  readonly bias: Float32Array
}

/** The network of BEHAVIOUR section 3: linear, norm, GELU, linear, norm, GELU, linear. */
export interface ProjectionNetwork {
  readonly linears: readonly [LinearWeights, LinearWeights, LinearWeights]
  readonly norms: readonly [NormWeights, NormWeights]
}

/** The weights of a projection, and what its file says about them. */
export interface ProjectionFile {
  readonly network: ProjectionNetwork
  /** The spaces that the file names, if it does. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

interface StoredTensor {
  readonly type: SafetensorsType
  readonly shape: readonly number[]
  read(): Promise<Uint8Array>
}

/** How a file of weights is read. */
export interface ReadProjectionOptions {
  /** The file, in messages. */
  readonly label: string
  readonly prefix?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Tells whether bytes are those of a PyTorch checkpoint, a safetensors file, or, by default, an ONNX model. */
export function kindOfWeights(bytes: Uint8Array): 'torch' | 'safetensors' | 'onnx' {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return 'torch'
  if (bytes[0] === 0x80 && bytes[2] === 0x8a) return 'torch'
  // The length of a header, whose upper bytes are 0, and the bracket that opens it.
  return bytes[6] === 0 && bytes[7] === 0 && bytes[8] === 0x7b ? 'safetensors' : 'onnx'
}

/**
 * Reads the weights of a projection from a PyTorch checkpoint or a safetensors file. All widths are those of the tensors.
 * @throws PerStreamError `model-invalid`, which names the tensor: missing, of a shape that does not fit, with values that
 * are no numbers; and as the readers of the two formats do
 */
export async function readProjection(bytes: Uint8Array, options: ReadProjectionOptions): Promise<ProjectionFile> {
  const { label, prefix, signal } = options
  const file = await (kindOfWeights(bytes) === 'torch' ? readTorch : readSafetensors)(bytes, options)
  const stem = prefix ?? findPrefix([...file.tensors.keys()], label)
  const take = (place: string) => readPlace(file.tensors, `${stem}patch_projection.${place}`, label)
  const linear = async (place: number): Promise<LinearWeights> => {
    const weight = await take(`${place}.weight`)
    const [outputs, inputs] = weight.shape
    if (weight.shape.length !== 2 || !outputs || !inputs) throw misshapen(weight, label, 'outputs x inputs')
    const bias = await take(`${place}.bias`)
    fits(bias, [outputs], label)
    return { weight: weight.values, bias: bias.values, inputs, outputs }
  }
  const norm = async (place: number, width: number): Promise<NormWeights> => {
    const [weight, bias] = [await take(`${place}.weight`), await take(`${place}.bias`)]
    fits(weight, [width], label)
    fits(bias, [width], label)
    return { weight: weight.values, bias: bias.values }
  }
  const linears = [await linear(0), await linear(4), await linear(8)] as const
  const norms = [await norm(1, linears[0].outputs), await norm(5, linears[1].outputs)] as const
  for (const [i, place] of [4, 8].entries()) {
    const [before, after] = [linears[i]!, linears[i + 1]!]
    if (after.inputs === before.outputs) continue
    const name = `${stem}patch_projection.${place}.weight`
    throw misshapen({ name, shape: [after.outputs, after.inputs] }, label, `${after.outputs} x ${before.outputs}`)
  }
  signal?.throwIfAborted()
  return { network: { linears, norms }, from: file.from, to: file.to }
}

interface OpenedFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  readonly from?: string | undefined
  readonly to?: string | undefined
}

async function readTorch(bytes: Uint8Array, { label, signal }: ReadProjectionOptions): Promise<OpenedFile> {
  const { value, tensors } = await readTorchCheckpoint(bytesSource(label, bytes), { signal })
  const metadata = value instanceof Map ? value.get('metadata') : undefined
  const sentenceModel = metadata instanceof Map ? metadata.get('sentence_model') : undefined
  return { tensors, to: typeof sentenceModel === 'string' ? sentenceModel : undefined }
}

async function readSafetensors(bytes: Uint8Array, { label, signal }: ReadProjectionOptions): Promise<OpenedFile> {
  const { tensors, metadata, source } = await openSafetensors(bytesSource(label, bytes), { signal })
  const stored = [...tensors].map(([name, { type, shape, offset, length }]) => {
    return [name, { type, shape, read: () => source.read(offset, length, { signal }) }] as const
  })
  return { tensors: new Map<string, StoredTensor>(stored), from: metadata.from, to: metadata.to }
}

const firstTensor = 'patch_projection.0.weight'

/** What stands before the names of the network: a checkpoint can hold it among other things. */
function findPrefix(names: readonly string[], label: string): string {
  const found = names.filter((name) => name === firstTensor || name.endsWith(`.${firstTensor}`))
  if (found.length === 1) return found[0]!.slice(0, -firstTensor.length)
  const problem = found.length === 0 ? `has no tensor "${firstTensor}"` : `has ${found.join(', ')}: say which by prefix`
  throw new PerStreamError('model-invalid', `${label} is no projection: it ${problem}`, {
    fields: { tensor: firstTensor },
  })
}

interface ReadTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

async function readPlace(tensors: ReadonlyMap<string, StoredTensor>, name: string, label: string): Promise<ReadTensor> {
  const tensor = tensors.get(name)
  if (!tensor) {
    throw new PerStreamError('model-invalid', `${label} has no tensor "${name}"`, { fields: { tensor: name } })
  }
  const values = toFloat32(tensor.type, await tensor.read())
  if (values.every(Number.isFinite)) return { name, shape: tensor.shape, values }
  const problem = `The tensor "${name}" of ${label} holds values that are no numbers, or infinite`
  throw new PerStreamError('model-invalid', problem, { fields: { tensor: name } })
}

function fits(tensor: ReadTensor, wanted: readonly number[], label: string): void {
  if (tensor.shape.length !== wanted.length || tensor.shape.some((size, i) => size !== wanted[i])) {
    throw misshapen(tensor, label, wanted.join(' x '))
  }
}

function misshapen(
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  label: string,
  wanted: string,
): PerStreamError {
  return new PerStreamError('model-invalid', `The tensor "${name}" of ${label} is [${shape}]: it must be ${wanted}`, {
    fields: { tensor: name, shape },
  })
}
