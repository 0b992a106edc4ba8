import type { OnnxModel } from '@perstream/onnx'
import { PerStreamError } from '@perstream/spec'
import type { LanguageModelConfig, ModelConfig } from '../config/model-config'
import { writeBert } from './bert'
import { writeDecoder } from './decoder'
import { writeEmbedTokens } from './embed-tokens'
import type { WeightSource } from './model-weights'
import { findLanguageModelNames } from './tensor-names'
import { writeVisionTower } from './vision-tower'
import type { WeightTable } from './weight-table'

/**
 * Writes all graphs of a model by their names in a folder of the transformers.js layout: 'model' of an encoder;
 * 'embed_tokens', 'decoder_model_merged' and, where there is a tower, 'vision_encoder' of a language model.
 * @throws PerStreamError `model-invalid` for a tensor that is missing or has another shape
 */
export function writeModelGraphs(config: ModelConfig, source: WeightSource): ReadonlyMap<string, OnnxModel> {
  if (config.family === 'bert') {
    return new Map([['model', writeBert(config, source, findBertPrefix(source.table))]])
  }
  const names = findLanguageModelNames(config, source.table)
  const graphs = new Map([
    ['embed_tokens', writeEmbedTokens(config.text, source, names.table)],
    ['decoder_model_merged', writeDecoderLayers(config, source)],
  ])
  if ('vision' in config) graphs.set('vision_encoder', writeVisionTower(config, source, names.vision!))
  return graphs
}

/** Writes the decoder of a language model, or the part of it from layer `first` to before `end`. */
export function writeDecoderLayers(
  config: LanguageModelConfig,
  source: WeightSource,
  part?: { readonly first: number; readonly end: number },
): OnnxModel {
  const { text: prefix, head } = findLanguageModelNames(config, source.table)
  const deepstackLayers = 'vision' in config ? config.vision.deepstackLayers.length : 0
  return writeDecoder({ config: config.text, source, prefix, head, deepstackLayers, part })
}

function findBertPrefix(table: WeightTable): string {
  const prefix = ['', 'bert.'].find((each) => table.has(`${each}embeddings.word_embeddings.weight`))
  if (prefix !== undefined) return prefix
  throw new PerStreamError('model-invalid', 'The checkpoint has no tensor "embeddings.word_embeddings.weight"', {
    fields: { tensor: 'embeddings.word_embeddings.weight' },
  })
}
