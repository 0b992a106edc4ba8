export { type ObjectDetectorContractOptions, objectDetectorContract } from './object-detector-contract'
export { type TensorRuntimeContractOptions, tensorRuntimeContract } from './tensor-runtime-contract'
export { type VisionEncoderContractOptions, visionEncoderContract } from './vision-encoder-contract'
