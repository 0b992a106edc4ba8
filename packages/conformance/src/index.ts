export { answererContract } from './answerer'
export { type AudioContractOptions, audioContract, type ToneClip } from './audio-contract'
export { type CaptionerContractOptions, captionerContract } from './captioner-contract'
export { type RememberGateFixture, rememberGateContract } from './gate'
export { type MemoryGraphSubject, memoryRetrieverContract, memoryWriterContract } from './memory-graph'
export { type MemoryStoreSubject, memoryStoreContract } from './memory-store'
export { type ObjectDetectorContractOptions, objectDetectorContract } from './object-detector-contract'
export { type ReducibleSubject, reducibleContract } from './reducible'
export { type RerankerContractOptions, rerankerContract } from './reranker'
export { type SpeakPolicyContractOptions, speakPolicyContract } from './speak-policy'
export { type TensorRuntimeContractOptions, tensorRuntimeContract } from './tensor-runtime-contract'
export { type TensorStoreSubject, tensorStoreContract } from './tensor-store'
export { type TextEncoderContractOptions, textEncoderContract } from './text-encoder'
export { type TextReaderContractOptions, textReaderContract } from './text-reader-contract'
export { type TripletExtractorContractOptions, tripletExtractorContract } from './triplets-contract'
export {
  createUnreliableDirectory,
  type UnreliableDirectory,
  type UnreliableFailure,
  type UnreliableFile,
} from './unreliable-directory'
export { type BarClipOptions, readBars, renderBarClip, renderToneClip, type ToneClipOptions } from './video-clips'
export { type ContractClip, type FrameSourceContractOptions, frameSourceContract } from './video-frame-source'
export { type KeyframeSelectorContractOptions, keyframeSelectorContract } from './video-keyframe-selector'
export { type VisionEncoderContractOptions, visionEncoderContract } from './vision-encoder-contract'
