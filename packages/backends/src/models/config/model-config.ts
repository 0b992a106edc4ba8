/** What a model is: read from its config.json by `readModelConfig`. */
export type ModelConfig = LanguageModelConfig | SentenceModelConfig

/** A model that writes text, with a vision tower or without. */
export type LanguageModelConfig = TextModelConfig | VisionLanguageConfig

/** A decoder of text alone. */
export interface TextModelConfig {
  readonly family: 'qwen2' | 'qwen3' | 'llama'
  readonly text: DecoderConfig
}

/** A decoder that also reads images. */
export interface VisionLanguageConfig {
  readonly family: 'qwen2_vl' | 'qwen2_5_vl' | 'qwen3_vl' | 'qwen2_5_omni'
  readonly text: DecoderConfig
  readonly vision: VisionTowerConfig
  readonly tokens: VisionTokens
}

/** An encoder of the BERT kind. */
export interface SentenceModelConfig {
  readonly family: 'bert'
  readonly encoder: BertConfig
  /** 'rows': the last layer of each token. 'score': one number for a pair of texts, as cross-encoders give. */
  readonly gives: 'rows' | 'score'
}

/** Element-wise functions between the matrices of a feed-forward layer; 'gelu_tanh' is the usual approximation of gelu. */
export type Activation = 'silu' | 'gelu' | 'gelu_tanh' | 'quick_gelu' | 'relu'

/** The text decoder: layers of causal attention and a gated feed-forward, with RMS norms before both. */
export interface DecoderConfig {
  /** Width of the hidden state. */
  readonly width: number
  readonly layers: number
  readonly heads: number
  /** Heads of keys and values; each serves `heads / keyValueHeads` query heads. */
  readonly keyValueHeads: number
  /** Width of one head; `heads * headWidth` need not be `width`. */
  readonly headWidth: number
  /** Width between the matrices of the feed-forward. */
  readonly feedForward: number
  readonly activation: Activation
  /** Rows of the embedding table, and logits of a position. */
  readonly vocabulary: number
  /** Positions that the model was made for. */
  readonly contextLength: number
  readonly normEpsilon: number
  readonly rope: RopeConfig
  /** Whether the embedding table is the output matrix too; undefined when the config does not say: then it is where there is no other. */
  readonly tied: boolean | undefined
  /** Which matrices have a bias. */
  readonly biases: DecoderBiases
  /** Qwen3: RMS norms of every query and key head. */
  readonly headNorms: boolean
  readonly beginToken: number | undefined
  /** Tokens that end a text, as far as config.json names them; generation_config.json may name more. */
  readonly endTokens: readonly number[]
  readonly padToken: number | undefined
}

/** Which matrices of a decoder have a bias. */
export interface DecoderBiases {
  readonly queryKeyValue: boolean
  readonly attentionOutput: boolean
  readonly feedForward: boolean
}

/** How positions turn queries and keys. Frequency i of `headWidth / 2` is `theta ** (-2 i / headWidth)`, before scaling. */
export interface RopeConfig {
  readonly theta: number
  readonly scaling: RopeScaling | undefined
  /** Positions of three rows (time, height, width), where the model has them. */
  readonly sections: RopeSections | undefined
}

/** Which frequencies each row of positions turns. */
export interface RopeSections {
  /** How many frequencies time, height and width turn; their sum is half the width of a head. */
  readonly counts: readonly [number, number, number]
  /** Whether height and width take every third frequency (Qwen3-VL), or each row a run of them. */
  readonly interleaved: boolean
}

/** How the frequencies of a longer context differ from those that were trained first. */
export type RopeScaling =
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalContextLength: number
    }

/** The tower that turns patches of pixels into rows for the decoder. */
export interface VisionTowerConfig {
  /** Width of a patch within the tower. */
  readonly width: number
  /** Width of a row that the decoder reads. */
  readonly outputWidth: number
  readonly layers: number
  readonly heads: number
  readonly feedForward: number
  readonly activation: Activation
  readonly channels: number
  /** Pixels of a patch's side. */
  readonly patch: number
  /** Frames that one patch spans. */
  readonly temporalPatch: number
  /** Patches of a side that become one row: 2 makes 4 patches one row. */
  readonly merge: number
  readonly norm: 'layer' | 'rms'
  /** Two matrices with the activation between, or three where one gates. */
  readonly feedForwardKind: 'plain' | 'gated'
  readonly normEpsilon: number
  readonly ropeTheta: number
  /** Windows of attention, where the tower has them. */
  readonly window: VisionWindow | undefined
  /** Qwen3-VL: side of the square table of learned positions. */
  readonly positionSide: number | undefined
  /** Qwen3-VL: layers whose output the first layers of the decoder read too, in order. */
  readonly deepstackLayers: readonly number[]
  /** Positions of time that one second of a video counts, where the model knows seconds. */
  readonly positionsPerSecond: number | undefined
}

/** Most layers attend within windows of the grid, some to the whole frame. */
export interface VisionWindow {
  /** Side of a window, in rows for the decoder (merged patches). */
  readonly side: number
  /** Layers that attend to the whole frame. */
  readonly fullLayers: readonly number[]
}

/** Ids of the tokens that stand for what is seen. */
export interface VisionTokens {
  /** Stands for one row of an image. */
  readonly image: number
  readonly video: number | undefined
  /** Around the rows of an image or video. */
  readonly visionStart: number | undefined
  readonly visionEnd: number | undefined
}

/** An encoder with learned positions: attention both ways, layer norms after each part. */
export interface BertConfig {
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly feedForward: number
  readonly activation: Activation
  readonly vocabulary: number
  readonly contextLength: number
  /** Kinds of segments: rows of the table of token types. */
  readonly segments: number
  readonly normEpsilon: number
  readonly padToken: number
}
