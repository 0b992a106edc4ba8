import { readActivation } from './activation'
import type { ConfigSection } from './config-section'
import type { VisionLanguageConfig, VisionTowerConfig } from './model-config'

type VisionFamily = VisionLanguageConfig['family']

/**
 * Reads the settings of a vision tower; what a published file leaves out has the value that its family was released with.
 * @throws PerStreamError `model-invalid`, `model-unsupported`
 */
export function readVisionConfig(vision: ConfigSection, family: VisionFamily): VisionTowerConfig {
  const tower = family === 'qwen2_vl' ? readQwen2(vision) : readLater(vision, family)
  if (tower.width % tower.heads !== 0) throw vision.invalid('num_heads', `a divisor of the width ${tower.width}`)
  if ((tower.width / tower.heads) % 4 !== 0) {
    throw vision.unsupported('num_heads', `heads whose width is a multiple of 4 (here ${tower.width / tower.heads})`)
  }
  return tower
}

/** What all towers share. */
function readCommon(vision: ConfigSection) {
  return {
    layers: vision.count('depth'),
    heads: vision.count('num_heads'),
    channels: vision.count(vision.has('in_channels') ? 'in_channels' : 'in_chans', 3),
    patch: vision.count('patch_size'),
    temporalPatch: vision.count('temporal_patch_size', 2),
    merge: vision.count('spatial_merge_size', 2),
    normEpsilon: 1e-6,
    ropeTheta: vision.section('rope_parameters')?.positive('rope_theta', 10_000) ?? 10_000,
  }
}

/** Qwen2-VL: `hidden_size` is the width of the decoder, `embed_dim` that of the tower. */
function readQwen2(vision: ConfigSection): VisionTowerConfig {
  const width = vision.count('embed_dim')
  return {
    ...readCommon(vision),
    width,
    outputWidth: vision.count('hidden_size'),
    feedForward: Math.floor(width * vision.positive('mlp_ratio', 4)),
    activation: readActivation(vision, 'quick_gelu'),
    norm: 'layer',
    feedForwardKind: 'plain',
    window: undefined,
    positionSide: undefined,
    deepstackLayers: [],
    positionsPerSecond: undefined,
  }
}

function readLater(vision: ConfigSection, family: Exclude<VisionFamily, 'qwen2_vl'>): VisionTowerConfig {
  const common = readCommon(vision)
  const shared = {
    ...common,
    width: vision.count('hidden_size'),
    outputWidth: vision.count('out_hidden_size'),
    feedForward: vision.count('intermediate_size'),
  }
  if (family === 'qwen3_vl') {
    return {
      ...shared,
      activation: readActivation(vision, 'gelu_tanh'),
      norm: 'layer',
      feedForwardKind: 'plain',
      window: undefined,
      positionSide: readPositionSide(vision),
      deepstackLayers: readLayers(vision, 'deepstack_visual_indexes', { layers: common.layers, fallback: [8, 16, 24] }),
      positionsPerSecond: undefined,
    }
  }
  const side = vision.count('window_size', 112) / common.merge / common.patch
  if (!Number.isInteger(side)) {
    throw vision.invalid('window_size', `a multiple of ${common.merge * common.patch}, the pixels of a merged patch`)
  }
  return {
    ...shared,
    activation: readActivation(vision, 'silu'),
    norm: 'rms',
    feedForwardKind: 'gated',
    window: {
      side,
      fullLayers: readLayers(vision, 'fullatt_block_indexes', { layers: common.layers, fallback: [7, 15, 23, 31] }),
    },
    positionSide: undefined,
    deepstackLayers: [],
    positionsPerSecond: vision.has('tokens_per_second') ? vision.positive('tokens_per_second') : undefined,
  }
}

function readPositionSide(vision: ConfigSection): number {
  const side = Math.sqrt(vision.count('num_position_embeddings', 2304))
  if (!Number.isInteger(side)) throw vision.invalid('num_position_embeddings', 'a square number')
  return side
}

function readLayers(
  vision: ConfigSection,
  key: string,
  { layers, fallback }: { readonly layers: number; readonly fallback: readonly number[] },
): readonly number[] {
  const indexes = vision.numbers(key) ?? fallback
  if (indexes.some((index) => index >= layers)) throw vision.invalid(key, `layers below ${layers}`)
  return indexes
}
