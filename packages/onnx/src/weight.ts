import { type CallOptions, PerStreamError } from '@perstream/spec'
import type { ByteSource } from './byte-source'
import { toFloat16, toFloat32 } from './convert'
import { blocksOf, checkQuantize, type QuantizedRows, type QuantizeOptions, quantizeRows } from './quantize'
import { elementBytes, type SafetensorsEntry, type SafetensorsType } from './safetensors'
import type { SafetensorsInput } from './safetensors-writer'

/** A tensor of a checkpoint: where its values lie, in which file. Nothing of it is in memory. */
export interface WeightTensor {
  readonly entry: SafetensorsEntry
  readonly source: ByteSource
}

/** How a weight is read. */
export interface ReadWeightOptions extends CallOptions {
  /** Bytes that are read and converted at once. Default 4 MiB. */
  readonly pieceBytes?: number | undefined
}

/** Options of {@link quantizeWeight} and {@link quantizedInputs}. */
export interface QuantizeWeightOptions extends ReadWeightOptions, QuantizeOptions {}

const defaultPiece = 4 * 1024 * 1024

/**
 * Reads the values of a tensor in pieces, as raw bytes of another type: its own, or F32 or F16 from any floating type
 * (nearest even). One piece is in memory at a time.
 * @throws PerStreamError `model-unsupported`, which names the tensor, for conversions of whole numbers and for finite values
 * that float16 cannot hold; `model-invalid` when the file ends early
 */
export async function* convertWeight(
  tensor: WeightTensor,
  type: SafetensorsType,
  options: ReadWeightOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  const { entry } = tensor
  for await (const piece of readPieces(tensor, elementBytes[entry.type], options)) {
    yield named(entry, () => convert(entry.type, type, piece))
  }
}

function convert(from: SafetensorsType, to: SafetensorsType, bytes: Uint8Array): Uint8Array {
  if (from === to) return bytes
  if (to !== 'F32' && to !== 'F16') {
    throw new PerStreamError('model-unsupported', `${from} cannot become ${to}: weights become F32 or F16`)
  }
  const { buffer, byteOffset, byteLength } = to === 'F32' ? toFloat32(from, bytes) : toFloat16(from, bytes)
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/**
 * Reads a matrix in pieces and quantises them: blocks lie along the last dimension. Put together, the pieces are what
 * {@link quantizeRows} makes of the whole.
 * @throws PerStreamError `model-invalid`, which names the tensor, for NaN and infinite values and a file that ends early;
 * `model-unsupported` for whole numbers and for scales that float16 cannot hold
 */
export async function* quantizeWeight(
  tensor: WeightTensor,
  { pieceBytes, signal, ...options }: QuantizeWeightOptions,
): AsyncGenerator<QuantizedRows, void, void> {
  const { entry } = tensor
  const blockSize = options.blockSize ?? 32
  checkQuantize(options.format, blockSize)
  const columns = columnsOf(entry)
  // Rows of whole blocks lie as one long row does, so that pieces need not hold whole rows.
  const unit = columns % blockSize === 0 ? blockSize : columns
  for await (const piece of readPieces(tensor, unit * elementBytes[entry.type], { pieceBytes, signal })) {
    yield named(entry, () => quantizeRows(toFloat32(entry.type, piece), unit, options))
  }
}

function columnsOf({ name, shape }: SafetensorsEntry): number {
  const columns = shape.at(-1) ?? 0
  if (columns > 0) return columns
  throw new PerStreamError('model-unsupported', `"${name}" of shape [${shape}] cannot be quantised: it has no rows`, {
    fields: { tensor: name },
  })
}

/**
 * Gives a quantised matrix as two tensors for {@link writeSafetensors}: `<name>.<format>` and `<name>.scales`, shaped as the
 * operators take them. The first streams; it must be written before the second, whose values it gathers (one number a
 * block).
 */
export function quantizedInputs(
  tensor: WeightTensor,
  options: QuantizeWeightOptions,
): readonly [data: SafetensorsInput, scales: SafetensorsInput] {
  const { format, blockSize = 32, scaleType = 'F32' } = options
  const { name, shape } = tensor.entry
  const columns = columnsOf(tensor.entry)
  const blocks = blocksOf(columns, blockSize)
  const outer = shape.slice(0, -1)
  const scales: Uint8Array[] = []
  const data = async function* () {
    scales.length = 0
    for await (const piece of quantizeWeight(tensor, options)) {
      scales.push(new Uint8Array(piece.scales.buffer, piece.scales.byteOffset, piece.scales.byteLength))
      yield piece.data
    }
  }
  const gathered = async function* () {
    yield* scales
    scales.length = 0 // of a whole model they would take an eighth of its size
  }
  const packed = [...outer, blocks, format === 'q4' ? blockSize / 2 : blockSize]
  return [
    {
      name: `${name}.${format}`,
      data: data(),
      ...(format === 'int8' ? { type: 'I8', shape } : { type: 'U8', shape: packed }),
    },
    { name: `${name}.scales`, type: scaleType, shape: [...outer, blocks], data: gathered() },
  ]
}

/** Reads a tensor in pieces of whole units. */
async function* readPieces(
  { entry, source }: WeightTensor,
  unit: number,
  { pieceBytes = defaultPiece, signal }: ReadWeightOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const step = Math.max(unit, pieceBytes - (pieceBytes % unit))
  for (let done = 0; done < entry.length; done += step) {
    signal?.throwIfAborted()
    yield await source.read(entry.offset + done, Math.min(step, entry.length - done), { signal })
  }
}

/** Names the tensor in what goes wrong with its values. */
function named<Value>({ name }: SafetensorsEntry, work: () => Value): Value {
  try {
    return work()
  } catch (cause) {
    if (!PerStreamError.isInstance(cause)) throw cause
    const fields = { ...cause.fields, tensor: name }
    throw new PerStreamError(cause.code, `The tensor "${name}" cannot be converted: ${cause.message}`, {
      fields,
      cause,
    })
  }
}
