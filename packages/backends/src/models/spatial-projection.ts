import { mean } from '@perstream/kit'
import { createGraph, decodeModel, encodeModel, float, type GraphBuilder, type GraphValue } from '@perstream/onnx'
import {
  type CallOptions,
  type OpenModelOptions,
  type PatchGrid,
  PerStreamError,
  type Projection,
  type TensorRuntime,
  type TensorSession,
} from '@perstream/spec'
import {
  kindOfWeights,
  type LinearWeights,
  type NormWeights,
  type ProjectionFile,
  type ProjectionNetwork,
  readProjection,
} from './spatial-projection-weights'

/** How a projection is made. */
export interface SpatialProjectionOptions
  extends CallOptions,
    Pick<OpenModelOptions, 'device' | 'deviceIndex' | 'threads'> {
  /**
   * A file, or its bytes: the prototype's `projection_mlp.pt`, safetensors with the same names, or an ONNX model that takes
   * [n, inputs] and gives [n, outputs]. What it is is told from its content.
   */
  readonly weights: { readonly path: string } | { readonly bytes: Uint8Array }
  readonly runtime: TensorRuntime
  /** The space of the patches. Default: what the file says, else 'vision-<inputs>'. */
  readonly from?: string | undefined
  /** The space of the vectors. Default: what the file says (a .pt: its sentence model), else 'text-<outputs>'. */
  readonly to?: string | undefined
  /** What stands before `patch_projection.0.weight`, where a file holds several. */
  readonly prefix?: string | undefined
}

/** A projection of patches into the space of a text encoder. Whoever made it closes it. */
export interface SpatialProjection extends Projection, AsyncDisposable {
  /** Width of a patch. */
  readonly inputDimensions: number
  /** Width of a vector. */
  readonly dimensions: number
  /** Projects grids to one vector each, the mean over their projected patches: what the prototype's gate compares. */
  projectPooled(grids: readonly PatchGrid[], options?: CallOptions): Promise<Float32Array[]>
}

/**
 * Opens the projection of BEHAVIOUR section 3: Linear, LayerNorm (epsilon 1e-5), GELU (erf), twice, then Linear, on each patch
 * by itself. All widths are those of the weights; a grid can have any number of patches.
 * @throws PerStreamError `model-missing` when there is no file; `model-invalid`, which names the tensor, when one is missing,
 * does not fit, or holds NaN; as the runtime does. From the calls: `space-mismatch`, and `input-invalid` for patches of
 * another width and values that are no numbers
 */
export async function createSpatialProjection({
  weights,
  runtime,
  from,
  to,
  prefix,
  ...open
}: SpatialProjectionOptions): Promise<SpatialProjection> {
  const { signal } = open
  signal?.throwIfAborted()
  const label = 'path' in weights ? weights.path : 'the projection'
  const bytes = 'path' in weights ? await readPath(weights.path, signal) : weights.bytes
  const isModel = kindOfWeights(bytes) === 'onnx'
  const file = isModel ? undefined : await readProjection(bytes, { label, prefix, signal })
  const model = file ? encodeModel(buildProjection(file.network)) : bytes
  const spaces: Pick<ProjectionFile, 'from' | 'to'> = file ?? decodeModel(bytes).metadata
  const session = await runtime.open({ bytes: model }, open)
  try {
    const { input, output, inputs, outputs } = boundaryOf(session, label)
    const run = (rows: Float32Array, options: CallOptions) => {
      const feed = { type: 'float32' as const, shape: [rows.length / inputs, inputs], data: rows }
      return session.run({ [input]: feed }, { ...options, outputs: [output] }).then((results) => results[output]!.data)
    }
    return projectionOf({
      ...{
        run,
        inputs,
        outputs,
        from: from ?? spaces.from ?? `vision-${inputs}`,
        to: to ?? spaces.to ?? `text-${outputs}`,
      },
      close: () => session[Symbol.asyncDispose](),
    })
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

async function readPath(path: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const { fileSource } = await import('@perstream/onnx/node')
  await using source = await fileSource(path)
  return source.read(0, source.size, { signal })
}

function buildProjection({ linears, norms }: ProjectionNetwork) {
  const graph = createGraph({ name: 'spatial-projection' })
  let x = graph.input('patches', 'float32', ['n', linears[0].inputs])
  for (const [i, layer] of linears.entries()) {
    x = linear(graph, x, layer)
    const norm = norms[i]
    if (norm) x = gelu(graph, layerNorm(graph, x, norm))
  }
  graph.output('vectors', x, 'float32', ['n', linears[2].outputs])
  return graph.build()
}

function linear(graph: GraphBuilder, x: GraphValue, { weight, bias, inputs, outputs }: LinearWeights): GraphValue {
  const w = graph.constant({ type: 'float32', shape: [outputs, inputs], data: weight })
  const b = graph.constant({ type: 'float32', shape: [outputs], data: bias })
  return graph.node('Gemm', [x, w, b], { attributes: { transB: 1 } })
}

function layerNorm(graph: GraphBuilder, x: GraphValue, { weight, bias }: NormWeights): GraphValue {
  const parameters = [weight, bias].map((data) => graph.constant({ type: 'float32', shape: [data.length], data }))
  return graph.node('LayerNormalization', [x, ...parameters], { attributes: { axis: -1, epsilon: float(1e-5) } })
}

/** x / 2 (1 + erf(x / sqrt(2))) */
function gelu(graph: GraphBuilder, x: GraphValue): GraphValue {
  const erf = graph.node('Erf', [graph.node('Mul', [x, graph.scalar(Math.SQRT1_2)])])
  return graph.node('Mul', [graph.node('Mul', [x, graph.scalar(0.5)]), graph.node('Add', [erf, graph.scalar(1)])])
}

function boundaryOf({ inputs, outputs }: TensorSession, label: string) {
  const [input, output] = [inputs[0], outputs[0]]
  const [rows, width] = [input?.shape[1], output?.shape[1]]
  const isProjection =
    inputs.length === 1 && outputs.length === 1 && input?.shape.length === 2 && output?.shape.length === 2
  if (isProjection && typeof rows === 'number' && rows > 0 && typeof width === 'number' && width > 0) {
    return { input: input.name, output: output.name, inputs: rows, outputs: width }
  }
  const shown = [inputs, outputs].map((list) => list.map(({ name, shape }) => `${name} [${shape}]`).join(', '))
  throw new PerStreamError(
    'model-invalid',
    `${label} is no projection: it takes ${shown[0]} and gives ${shown[1]}, not one [n, width] each of known width`,
  )
}

interface ProjectionParts {
  readonly run: (rows: Float32Array, options: CallOptions) => Promise<ArrayLike<number | bigint>>
  readonly inputs: number
  readonly outputs: number
  readonly from: string
  readonly to: string
  readonly close: () => PromiseLike<void>
}

function projectionOf({ run, inputs, outputs, from, to, close }: ProjectionParts): SpatialProjection {
  const project = async (grid: PatchGrid, options: CallOptions = {}): Promise<Float32Array[]> => {
    checkGrid(grid, from, inputs)
    const count = grid.rows * grid.columns
    if (count === 0) return []
    const values = (await run(grid.data, options)) as Float32Array
    if (!values.every(Number.isFinite)) throw invalidGrid('its patches hold values that are no numbers, or too large')
    return Array.from({ length: count }, (_, i) => values.slice(i * outputs, (i + 1) * outputs))
  }
  return {
    from,
    to,
    inputDimensions: inputs,
    dimensions: outputs,
    project,
    async projectPooled(grids, options) {
      const pooled: Float32Array[] = []
      for (const grid of grids) {
        const vectors = await project(grid, options)
        if (vectors.length === 0) throw invalidGrid('it has no patches, whose mean there would be')
        pooled.push(mean(vectors))
      }
      return pooled
    },
    [Symbol.asyncDispose]: close,
  }
}

function checkGrid({ data, rows, columns, dimensions, space }: PatchGrid, from: string, inputs: number): void {
  if (space !== from) {
    throw new PerStreamError(
      'space-mismatch',
      `The grid is of the space "${space}", the projection takes "${from}": give the right one, or name it by "from"`,
      { fields: { space, expected: from } },
    )
  }
  if (dimensions !== inputs) throw invalidGrid(`its patches are ${dimensions} wide, the projection takes ${inputs}`)
  if (data.length !== rows * columns * dimensions) {
    throw invalidGrid(`${rows} x ${columns} patches of ${dimensions} do not fill ${data.length} values`)
  }
}

function invalidGrid(problem: string): PerStreamError {
  return new PerStreamError('input-invalid', `The grid cannot be projected: ${problem}`)
}
