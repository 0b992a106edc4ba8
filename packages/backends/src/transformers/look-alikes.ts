import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGraph, encodeModel, type GraphBuilder, type GraphValue } from '@perstream/onnx'
import type { Frame, RgbImage } from '@perstream/spec'

/** A matrix of fixed numbers, row-major. */
export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly data: Float32Array
}

/** Makes a matrix of numbers that look random and are always the same. */
export function matrix(rows: number, columns: number, seed: number, scale = 0.6): Matrix {
  const data = Float32Array.from({ length: rows * columns }, (_, i) => {
    const value = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453
    return scale * (2 * (value - Math.floor(value)) - 1)
  })
  return { rows, columns, data }
}

/** Vector times matrix. */
export function times(vector: ArrayLike<number>, { rows, columns, data }: Matrix): number[] {
  return Array.from({ length: columns }, (_, c) => {
    let sum = 0
    for (let r = 0; r < rows; r++) sum += vector[r]! * data[r * columns + c]!
    return sum
  })
}

/** Adds a matrix to a graph. */
export function weight(graph: GraphBuilder, { rows, columns, data }: Matrix): GraphValue {
  return graph.constant({ type: 'float32', shape: [rows, columns], data })
}

/** A folder in the layout of transformers.js, for one test. */
export interface LookAlikeFolder {
  readonly path: string
  json(name: string, value: unknown): Promise<void>
  model(name: string, graph: GraphBuilder): Promise<void>
  remove(): Promise<void>
}

/** Makes an empty folder. */
export async function lookAlikeFolder(): Promise<LookAlikeFolder> {
  const path = await mkdtemp(join(tmpdir(), 'perstream-look-alike-'))
  await mkdir(join(path, 'onnx'))
  return {
    path,
    json: (name, value) => writeFile(join(path, name), JSON.stringify(value)),
    model: (name, graph) => writeFile(join(path, 'onnx', `${name}.onnx`), encodeModel(graph.build())),
    remove: () => rm(path, { recursive: true, force: true }),
  }
}

/** The files of a tokenizer whose words are separated by blanks; the first words are special. */
export async function writeTokenizer(
  folder: LookAlikeFolder,
  words: readonly string[],
  special: number,
  config: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await folder.json('tokenizer.json', {
    ...{ version: '1.0', truncation: null, padding: null, normalizer: null, post_processor: null, decoder: null },
    added_tokens: words.slice(0, special).map((content, id) => ({
      ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    })),
    pre_tokenizer: { type: 'WhitespaceSplit' },
    model: { type: 'WordLevel', vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: words[0] },
  })
  await folder.json('tokenizer_config.json', { tokenizer_class: 'PreTrainedTokenizer', unk_token: words[0], ...config })
}

/** The weights of a {@link writeDecoder} model. */
export interface TinyDecoder {
  readonly width: number
  readonly embedding: Matrix
  readonly value: Matrix
  readonly output: Matrix
}

/** Makes the weights of a decoder. */
export function tinyDecoder(vocabulary: number, width: number, seed: number): TinyDecoder {
  return {
    width,
    embedding: matrix(vocabulary, width, seed),
    value: matrix(width, width, seed + 1),
    output: matrix(width, vocabulary, seed + 2, 2),
  }
}

/** How a decoder model takes its inputs. */
export interface DecoderLayout {
  readonly input: 'input_ids' | 'inputs_embeds'
  /** Whether it looks at an encoder's states, and keeps them from the first step. */
  readonly encoder: boolean
}

/**
 * The graph of a decoder of one layer that keeps what it has computed: the logits of a step are those of the sum of all values so
 * far, and of the mean of the encoder's states. As in published models, later steps give empty dummies for the encoder's part.
 */
export function decoderGraph(tiny: TinyDecoder, { input, encoder }: DecoderLayout): GraphBuilder {
  const { width, embedding, value, output } = tiny
  const graph = createGraph({ name: 'decoder' })
  const embeds =
    input === 'inputs_embeds'
      ? graph.input(input, 'float32', [1, 's', width])
      : graph.node('Gather', [weight(graph, embedding), graph.input(input, 'int64', [1, 's'])])
  const positioned = encoder ? embeds : withPositions(graph, embeds)
  const part = encoder ? '.decoder' : ''
  const kept = ['key', 'value'].map((name) => {
    const past = graph.input(`past_key_values.0${part}.${name}`, 'float32', [1, 1, 'past', width])
    const row = graph.node('Tanh', [graph.node('MatMul', [positioned, weight(graph, value)])])
    const rows = graph.node('Unsqueeze', [row, graph.int64([1])])
    const present = graph.node('Concat', [past, rows], { attributes: { axis: 2 } })
    graph.output(`present.0${part}.${name}`, present, 'float32', [1, 1, 'all', width])
    return present
  })
  const sum = graph.node('ReduceSum', [kept[1], graph.int64([1, 2])], { attributes: { keepdims: 0 } })
  const state = encoder ? graph.node('Add', [sum, encoderMean(graph, width)]) : sum
  const logits = graph.node('Unsqueeze', [graph.node('MatMul', [state, weight(graph, output)]), graph.int64([1])])
  graph.output('logits', logits, 'float32', [1, 1, output.columns])
  return graph
}

/** Makes the values depend on the mask and the positions that are given. */
function withPositions(graph: GraphBuilder, embeds: GraphValue): GraphValue {
  const positions = graph.input('position_ids', 'int64', [1, 's'])
  const mask = graph.input('attention_mask', 'int64', [1, 'all'])
  const toFloat = { attributes: { to: 1 } }
  const place = graph.node('Unsqueeze', [graph.node('Cast', [positions], toFloat), graph.int64([2])])
  const seen = graph.node('ReduceSum', [graph.node('Cast', [mask], toFloat), graph.int64([1])])
  const shift = graph.node('Sub', [
    graph.node('Mul', [place, graph.scalar(0.1)]),
    graph.node('Mul', [seen, graph.scalar(0.01)]),
  ])
  return graph.node('Add', [embeds, shift])
}

/** The mean of the encoder's states: computed in the first step, kept from then on. */
function encoderMean(graph: GraphBuilder, width: number): GraphValue {
  const states = graph.input('encoder_hidden_states', 'float32', [1, 'frames', width])
  const later = graph.node('Cast', [graph.input('use_cache_branch', 'bool', [1])], { attributes: { to: 7 } })
  const first = graph.node('Sub', [graph.int64([1]), later])
  const rows = graph.node('Unsqueeze', [states, graph.int64([1])])
  const count = graph.node('Mul', [graph.node('Shape', [rows], { attributes: { start: 2, end: 3 } }), first])
  const fresh = graph.node('Slice', [rows, graph.int64([0]), count, graph.int64([2])])
  const kept = ['key', 'value'].map((name) => {
    const past = graph.input(`past_key_values.0.encoder.${name}`, 'float32', [1, 1, 'kept', width])
    const present = graph.node('Slice', [rows, graph.int64([0]), first, graph.int64([0])])
    graph.output(`present.0.encoder.${name}`, present, 'float32', ['some', 1, 'frames', width])
    return past
  })
  const all = graph.node('Concat', [kept[1], fresh], { attributes: { axis: 2 } })
  return graph.node('ReduceMean', [all, graph.int64([1, 2])], { attributes: { keepdims: 0 } })
}

/** The decoder of {@link decoderGraph} in plain arithmetic: takes rows, gives the logits after the last. */
export function plainDecoder(
  tiny: TinyDecoder,
  context: readonly number[] | undefined,
): (rows: readonly (readonly number[])[]) => number[] {
  const sum = new Array<number>(tiny.width).fill(0)
  let length = 0
  return (rows) => {
    const whole = length + rows.length
    for (const [i, row] of rows.entries()) {
      const shift = context ? 0 : 0.1 * (length + i) - 0.01 * whole
      const values = times(
        row.map((value) => value + shift),
        tiny.value,
      )
      for (const [d, value] of values.entries()) sum[d]! += Math.tanh(value)
    }
    length = whole
    return times(
      sum.map((value, d) => value + (context?.[d] ?? 0)),
      tiny.output,
    )
  }
}

/** What a decoder writes, in plain arithmetic: greedy, up to an end or a limit. */
export function decodePlainly(
  tiny: TinyDecoder,
  prompt: readonly (readonly number[])[],
  context: readonly number[] | undefined,
  { end, limit }: { readonly end: number; readonly limit: number },
): { tokens: number[]; meanLogProbability: number } {
  const feed = plainDecoder(tiny, context)
  const tokens: number[] = []
  let total = 0
  let logits = feed(prompt)
  for (let step = 1; ; step++) {
    const token = logits.indexOf(Math.max(...logits))
    total += Math.log(probabilityOf(logits, token))
    if (token !== end) tokens.push(token)
    if (token === end || step === limit) return { tokens, meanLogProbability: total / step }
    logits = feed([rowOf(tiny.embedding, token)])
  }
}

/** The probability of a token. */
export function probabilityOf(logits: readonly number[], token: number): number {
  return Math.exp(logits[token]!) / logits.reduce((all, value) => all + Math.exp(value), 0)
}

/** A row of a matrix. */
export function rowOf({ columns, data }: Matrix, row: number): number[] {
  return [...data.subarray(row * columns, (row + 1) * columns)]
}

/** The mean of rows. */
export function meanOf(rows: readonly (readonly number[])[]): number[] {
  return rows[0]!.map((_, d) => rows.reduce((sum, row) => sum + row[d]!, 0) / rows.length)
}

/** The graph of an embedding table. */
export function embedGraph({ embedding }: TinyDecoder): GraphBuilder {
  const graph = createGraph({ name: 'embed' })
  const ids = graph.input('input_ids', 'int64', [1, 's'])
  graph.output('inputs_embeds', graph.node('Gather', [weight(graph, embedding), ids]), 'float32', [
    1,
    's',
    embedding.columns,
  ])
  return graph
}

/** Cuts an image [1, 3, h, w] into patches and multiplies each with a matrix of 3 * size * size rows: [1, patches, columns]. */
export function patchRows(graph: GraphBuilder, pixels: GraphValue, projection: Matrix, size: number): GraphValue {
  const { columns, rows, data } = projection
  const kernel = new Float32Array(data.length)
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) kernel[c * rows + r] = data[r * columns + c]!
  const weights = graph.constant({ type: 'float32', shape: [columns, 3, size, size], data: kernel })
  const cells = graph.node('Conv', [pixels, weights], {
    attributes: { strides: [size, size], kernel_shape: [size, size] },
  })
  const flat = graph.node('Reshape', [cells, graph.int64([0, columns, -1])])
  return graph.node('Tanh', [graph.node('Transpose', [flat], { attributes: { perm: [0, 2, 1] } })])
}

/** The same in plain arithmetic, of an image whose sides are multiples of the size; pixels become (v / 255 - 0.5) / 0.5. */
export function patchRowsPlainly({ data, width, height }: RgbImage, projection: Matrix, size: number): number[][] {
  const patches: number[][] = []
  for (let y = 0; y < height; y += size)
    for (let x = 0; x < width; x += size) {
      const values: number[] = []
      for (let c = 0; c < 3; c++)
        for (let dy = 0; dy < size; dy++)
          for (let dx = 0; dx < size; dx++) values.push(data[((y + dy) * width + x + dx) * 3 + c]! / 127.5 - 1)
      patches.push(times(values, projection).map(Math.tanh))
    }
  return patches
}

/** A picture in which no two patches are alike. */
export function picture(width: number, height: number, phase = 0): RgbImage {
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => 128 + 120 * Math.sin(phase + i * 0.37 + Math.floor(i / (width * 3)) * 0.11),
  )
  return { data, width, height }
}

/** A frame of one picture, of one size. */
export function frameOf(image: RgbImage, index = 0): Frame {
  const release = () => {}
  return {
    ...{ index, seconds: index, width: image.width, height: image.height },
    pixels: async () => image,
    release,
    [Symbol.dispose]: release,
  }
}
