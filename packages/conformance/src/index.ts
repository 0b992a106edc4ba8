export { type ObjectDetectorContractOptions, objectDetectorContract } from './object-detector-contract'
export { type TensorRuntimeContractOptions, tensorRuntimeContract } from './tensor-runtime-contract'
export { type TextReaderContractOptions, textReaderContract } from './text-reader-contract'
export { type VisionEncoderContractOptions, visionEncoderContract } from './vision-encoder-contract'
