import { createGraph, type GraphValue, type OnnxModel } from '@perstream/onnx'
import type { VisionLanguageConfig, VisionTowerConfig } from '../config/model-config'
import { gatedFeedForward, plainFeedForward } from './feed-forward'
import { createModelWeights, type ModelWeights, type WeightSource } from './model-weights'
import { layerNorm, rmsNorm } from './norms'
import { createOperators, type Operators } from './operators'
import { patchAttention } from './patch-attention'
import { groupByFrame, groupByWindow, type PatchGroups } from './patch-groups'
import { type PatchPlaces, placePatches } from './patch-places'
import { readPositionTable } from './position-table'
import { type Rotation, rotate, rotationOf } from './rope'

/** What the families call the parts of their towers. */
interface TowerNames {
  /** Queries, keys and values as one matrix 'attn.qkv', or as three. */
  readonly joint: boolean
  /** The two matrices of a plain feed-forward. */
  readonly feedForward: readonly [string, string]
  /** Norm and matrices of what merges patches into rows. */
  readonly merger: readonly [norm: string, first: string, second: string]
  readonly patchBias: boolean
}

const qwen2Names: TowerNames = {
  joint: true,
  feedForward: ['mlp.fc1', 'mlp.fc2'],
  merger: ['ln_q', 'mlp.0', 'mlp.2'],
  patchBias: false,
}

const towerNames: Readonly<Record<VisionLanguageConfig['family'], TowerNames>> = {
  qwen2_vl: qwen2Names,
  qwen2_5_vl: qwen2Names,
  qwen2_5_omni: { ...qwen2Names, joint: false },
  qwen3_vl: {
    joint: true,
    feedForward: ['mlp.linear_fc1', 'mlp.linear_fc2'],
    merger: ['norm', 'linear_fc1', 'linear_fc2'],
    patchBias: true,
  },
}

/** What the layers of a tower share. */
interface TowerContext {
  readonly operators: Operators
  readonly weights: ModelWeights
  readonly config: VisionTowerConfig
  readonly names: TowerNames
  readonly prefix: string
}

/**
 * Writes a vision tower: inputs and outputs are those of `LanguageModelParts`. Any number of images and frames of any size
 * run in one call; several of different sizes are padded to the largest.
 * @throws PerStreamError `model-invalid` for a tensor that is missing or has another shape
 */
export function writeVisionTower(
  { family, vision: config }: VisionLanguageConfig,
  source: WeightSource,
  prefix: string,
): OnnxModel {
  const graph = createGraph({ name: 'vision_encoder', domains: { 'com.microsoft': 1 } })
  const operators = createOperators(graph)
  const weights = createModelWeights(operators, source, { exact: true })
  const context: TowerContext = { operators, weights, config, names: towerNames[family], prefix }
  const pixels = graph.input('pixel_values', 'float32', ['patches', columnsOf(config)])
  const grid = graph.input('image_grid_thw', 'int64', ['images', 3])
  const places = placePatches(operators, grid, operators.size(pixels, 0), config.merge)
  const rotation = patchRotation(operators, places, config)
  const frames = groupByFrame(operators, places)
  const { window, merge } = config
  const windows = window && groupByWindow(operators, places, { side: window.side, merge })
  let hidden = embedPatches(context, pixels, places)
  for (let layer = 0; layer < config.layers; layer++) {
    const groups = windows && !window.fullLayers.includes(layer) ? windows : frames
    hidden = writeBlock(context, hidden, { name: `${prefix}blocks.${layer}.`, rotation, groups })
    const deep = config.deepstackLayers.indexOf(layer)
    if (deep >= 0) writeDeepstackRows(context, hidden, deep)
  }
  const rows = mergePatches(context, hidden, { name: `${prefix}merger.`, normFirst: true })
  graph.output('image_features', rows, 'float32', ['rows', config.outputWidth])
  return graph.build()
}

function columnsOf({ channels, temporalPatch, patch }: VisionTowerConfig): number {
  return channels * temporalPatch * patch * patch
}

/** Half of a head's frequencies turn with the row, half with the column. */
function patchRotation(operators: Operators, { row, column }: PatchPlaces, config: VisionTowerConfig): Rotation {
  const { graph, cast, unsqueeze, multiply, concat, size } = operators
  const count = config.width / config.heads / 4
  const exact = Float32Array.from({ length: count }, (_, i) => 1 / config.ropeTheta ** (i / count))
  const frequencies = graph.constant({ type: 'float64', shape: [1, count], data: Float64Array.from(exact) })
  const turn = (place: GraphValue) => multiply(unsqueeze(cast(place, 'float64'), 1), frequencies)
  return rotationOf(operators, concat(1, turn(row), turn(column)), [1, size(row, 0)])
}

function embedPatches(
  { operators, weights, config, names, prefix }: TowerContext,
  pixels: GraphValue,
  places: PatchPlaces,
): GraphValue {
  const { width, channels, temporalPatch, patch, positionSide } = config
  const name = `${prefix}patch_embed.proj`
  const stored = [width, channels, temporalPatch, patch, patch]
  const bias = names.patchBias ? weights.tensor(`${name}.bias`, [width]) : undefined
  const embedded = weights.product(pixels, `${name}.weight`, [width, columnsOf(config)], { stored, bias })
  if (positionSide === undefined) return embedded
  const table = weights.tensor(`${prefix}pos_embed.weight`, [positionSide ** 2, width])
  return operators.add(embedded, readPositionTable(operators, table, places, positionSide))
}

interface Block {
  readonly name: string
  readonly rotation: Rotation
  readonly groups: PatchGroups
}

function writeBlock(context: TowerContext, hidden: GraphValue, { name, rotation, groups }: Block): GraphValue {
  const { operators, weights, config, names } = context
  const { width, feedForward: between, activation } = config
  const asked = norm(context, hidden, `${name}norm1`, width)
  const answer = writeAttention(context, asked, { name: `${name}attn.`, rotation, groups })
  const attended = operators.add(hidden, answer)
  const x = norm(context, attended, `${name}norm2`, width)
  const shape = { width, between, activation, bias: true }
  const [first, second] = names.feedForward.map((part) => `${name}${part}`) as [string, string]
  const fed =
    config.feedForwardKind === 'gated'
      ? gatedFeedForward(operators, weights, x, { ...shape, name: `${name}mlp` })
      : plainFeedForward(operators, weights, x, { ...shape, first, second })
  return operators.add(attended, fed)
}

function writeAttention(context: TowerContext, x: GraphValue, { name, rotation, groups }: Block): GraphValue {
  const { operators, weights, config } = context
  const { width, heads } = config
  const [query, key, value] = queryKeyValue(context, x, name)
  const turned = (rows: GraphValue) =>
    operators.reshape(rotate(operators, operators.unsqueeze(rows, 0), rotation, heads), -1, width)
  const answer = patchAttention(operators, groups, {
    ...{ query: turned(query), key: turned(key), value, heads, headWidth: width / heads },
  })
  return weights.linear(answer, `${name}proj`, { inputs: width, outputs: width, bias: true })
}

function queryKeyValue(
  { operators, weights, config: { width }, names }: TowerContext,
  x: GraphValue,
  name: string,
): readonly [GraphValue, GraphValue, GraphValue] {
  if (!names.joint) {
    const shape = { inputs: width, outputs: width, bias: true }
    return [
      weights.linear(x, `${name}q`, shape),
      weights.linear(x, `${name}k`, shape),
      weights.linear(x, `${name}v`, shape),
    ]
  }
  const all = weights.linear(x, `${name}qkv`, { inputs: width, outputs: 3 * width, bias: true })
  const part = (i: number) => operators.slice(all, i * width, (i + 1) * width, 1)
  return [part(0), part(1), part(2)]
}

function norm({ operators, weights, config }: TowerContext, x: GraphValue, name: string, width: number): GraphValue {
  const write = config.norm === 'layer' ? layerNorm : rmsNorm
  return write(operators, weights, x, { name, width, epsilon: config.normEpsilon })
}

/** Rows that early layers of the decoder read, merged from what a layer in the middle gives (Qwen3-VL). */
function writeDeepstackRows(context: TowerContext, hidden: GraphValue, index: number): void {
  const name = `${context.prefix}deepstack_merger_list.${index}.`
  const rows = mergePatches(context, hidden, { name, normFirst: false })
  context.operators.graph.output(`deepstack_features.${index}`, rows, 'float32', ['rows', context.config.outputWidth])
}

/** Merges the patches of each block into one row for the decoder, normed before or after they are joined. */
function mergePatches(
  context: TowerContext,
  hidden: GraphValue,
  { name, normFirst }: { readonly name: string; readonly normFirst: boolean },
): GraphValue {
  const { operators, weights, config, names } = context
  const joinedWidth = config.width * config.merge ** 2
  const join = (x: GraphValue) => operators.reshape(x, -1, joinedWidth)
  const [normName, first, second] = names.merger.map((part) => `${name}${part}`) as [string, string, string]
  const joined = normFirst
    ? join(norm(context, hidden, normName, config.width))
    : norm(context, join(hidden), normName, joinedWidth)
  return plainFeedForward(operators, weights, joined, {
    ...{ first, second, width: joinedWidth, between: joinedWidth, outputs: config.outputWidth },
    ...{ activation: 'gelu', bias: true },
  })
}
