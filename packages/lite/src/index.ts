export { createLiteCaptioner, type LiteCaptionerOptions } from './lite-captioner'
export { createPpOcrReader, type PpOcrReaderOptions } from './ppocr-reader'
export { createWinkTriplets } from './wink-triplets'
