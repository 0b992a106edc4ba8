export type {
  Answer,
  Answerer,
  AnswerPart,
  AnswerRequest,
  AskMoment,
  Citation,
  SpeakPolicy,
  SpeakRequest,
  Speech,
} from './answer'
export { PerStreamError, type PerStreamErrorCode, type PerStreamErrorOptions } from './error'
export type {
  DriverStatus,
  Frame,
  FrameSource,
  FrameSourceDriver,
  Keyframe,
  KeyframeReason,
  KeyframeSelector,
  OpenSourceOptions,
  PixelOptions,
  RgbImage,
  SamplingOptions,
} from './frame'
export type { GateContext, GateDecision, GateMode, MemoryCategory, RememberGate } from './gate'
export type { ChoiceScorer, GenerateOptions, Generator, PromptPart, PromptTurn } from './generator'
export type {
  CreateResult,
  Memory,
  MemoryBatch,
  MemoryInput,
  MemoryOperation,
  MemoryOrigin,
  MemoryQuery,
  MemoryRetriever,
  MemoryStore,
  MemoryWriter,
  RetrievedMemory,
  ScoreParts,
  SourceProgress,
  WriteOptions,
} from './memory'
export type { CallOptions, Progress, Warning } from './options'
export type {
  Device,
  DeviceCapability,
  ElementType,
  ModelSource,
  OpenModelOptions,
  Tensor,
  TensorHandle,
  TensorRuntime,
  TensorSession,
  TensorSpec,
} from './runtime'
export type { NdArray, PatchGrid, TensorData } from './tensor'
export type {
  Box,
  Caption,
  CaptionedMoment,
  Captioner,
  CaptionOptions,
  CaptionOrigin,
  Detection,
  Evidence,
  Moment,
  ObjectDetector,
  Projection,
  TextEncoder,
  TextLine,
  TextReader,
  Triplet,
  TripletExtractor,
  VisionEncoder,
} from './vision'
