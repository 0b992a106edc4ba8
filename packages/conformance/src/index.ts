export { type CaptionerContractOptions, captionerContract } from './captioner-contract'
export { type TextReaderContractOptions, textReaderContract } from './text-reader-contract'
export { type TripletExtractorContractOptions, tripletExtractorContract } from './triplets-contract'
