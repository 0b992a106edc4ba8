import { createOnnxRuntime } from '@perstream/backends/onnx'
import type {
  CallOptions,
  Frame,
  ObjectDetector,
  PatchGrid,
  Progress,
  TensorRuntime,
  TensorSession,
  VisionEncoder,
} from '@perstream/spec'
import { cocoLabels } from './centernet-labels'
import { readDetections } from './detections'
import { letterbox } from './letterbox'
import { takeBytes } from './slim-models'
import { loadTfjsModel, locateWeights } from './weights'

/** Side of the square that the model sees. */
const inputSize = 512
/** Pixels of the square that one patch covers, each way. */
const patchSize = 32
const dimensions = 120
const space = 'centernet-conv14-120'
const detectionsName = 'tower_0/detections'
const gridName = 'tower_0/MobilenetV3/expanded_conv_14/add'

/** Options of {@link createCenterNet}. */
export interface CenterNetOptions extends CallOptions {
  /** What the model runs on. Default: ONNX Runtime. */
  readonly runtime?: TensorRuntime | undefined
  /** Threads within one operator. Default 2. */
  readonly threads?: number | undefined
  /** Least score of a detection, 0..1. Default 0.3; 0.35 is more often right and finds less. */
  readonly threshold?: number | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** Tags objects and encodes patches in one pass over a frame. */
export type CenterNet = VisionEncoder & ObjectDetector & AsyncDisposable

/** What one pass over a frame gives. */
interface Pass {
  /** Rows of left, top, right, bottom (pixels of the square), score, class. */
  readonly detections: Float32Array
  readonly grid: PatchGrid
  /** Pixels of the square that the frame covers. */
  readonly width: number
  readonly height: number
}

/**
 * Opens CenterNet with a MobileNetV3 backbone (80 classes of COCO), from the weights in the optional package
 * @vladmandic/human, converted in memory and never written: their licence is unclear. `encode` and `detect` of one frame
 * share one pass. The grid has one patch for each 32 pixels of the frame scaled to 512 on its longer side (9 x 16 for
 * 16:9): patches that lie for more than half in the black border are left out. There is no text in its space, and its raw
 * cosines say little before the mean is taken off.
 * @throws PerStreamError `dependency-missing` when @vladmandic/human is not installed, `model-missing`, `model-invalid`
 */
export async function createCenterNet({
  runtime = createOnnxRuntime({ worker: false }),
  threads = 2,
  threshold = 0.3,
  signal,
  onProgress,
}: CenterNetOptions = {}): Promise<CenterNet> {
  signal?.throwIfAborted()
  if (!(threshold >= 0 && threshold <= 1)) throw new TypeError(`threshold is ${threshold}: it must be from 0 to 1`)
  const purpose = 'Finding objects'
  const path = await locateWeights({ package: '@vladmandic/human', file: 'models/centernet.json', purpose })
  const bytes = await loadTfjsModel(path, { outputs: [detectionsName, gridName], signal, onProgress })
  const session = await runtime.open({ bytes: takeBytes(bytes) }, { device: 'cpu', threads, signal })
  onProgress?.({ stage: 'ready', done: 3, total: 3 })
  const pass = sharePasses(session)

  return {
    space,
    dimensions,
    labels: cocoLabels,
    async encode(frames, options = {}) {
      const grids: PatchGrid[] = []
      for (const frame of frames) grids.push((await pass(frame, options)).grid)
      return grids
    },
    async detect(frame, options = {}) {
      const { detections, width, height } = await pass(frame, options)
      return readDetections(detections, { labels: cocoLabels, threshold, width, height })
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

/** One pass a frame, whoever asks first. An abort does not stop a pass, which others may share; its caller rejects after it. */
function sharePasses(session: TensorSession): (frame: Frame, options: CallOptions) => Promise<Pass> {
  const passes = new WeakMap<Frame, Promise<Pass>>()
  const canvases: Uint8Array<ArrayBuffer>[] = []
  return async (frame, { signal }) => {
    signal?.throwIfAborted()
    const pass = passes.get(frame) ?? run(session, frame, canvases)
    passes.set(frame, pass)
    try {
      return await pass
    } catch (error) {
      passes.delete(frame)
      throw error
    } finally {
      signal?.throwIfAborted()
    }
  }
}

/** Draws on a canvas that is free, or on a new one. */
async function run(session: TensorSession, frame: Frame, canvases: Uint8Array<ArrayBuffer>[]): Promise<Pass> {
  const scale = inputSize / Math.max(frame.width, frame.height)
  const image = await frame.pixels({ height: Math.max(1, Math.round(frame.height * scale)) })
  const { data, width, height } = letterbox(image, inputSize, canvases.pop())
  const shape = [1, inputSize, inputSize, 3]
  const results = await session.run({ [session.inputs[0]!.name]: { type: 'uint8', shape, data } })
  canvases.push(data)
  const patches = results[gridName]!.data as Float32Array
  return {
    detections: results[detectionsName]!.data as Float32Array,
    grid: cropGrid(patches, width, height),
    width,
    height,
  }
}

/** Leaves out the patches of the border: of each axis those are kept that lie for half or more in the frame. */
function cropGrid(patches: Float32Array, width: number, height: number): PatchGrid {
  const rows = Math.max(1, Math.round(height / patchSize))
  const columns = Math.max(1, Math.round(width / patchSize))
  const data = new Float32Array(rows * columns * dimensions)
  const stride = (inputSize / patchSize) * dimensions
  for (let row = 0; row < rows; row++) {
    data.set(patches.subarray(row * stride, row * stride + columns * dimensions), row * columns * dimensions)
  }
  return { data, rows, columns, dimensions, space }
}
