export { type CenterNet, type CenterNetOptions, createCenterNet } from './centernet'
export { createLiteCaptioner, type LiteCaptionerOptions } from './lite-captioner'
export { createPpOcrReader, type PpOcrReaderOptions } from './ppocr-reader'
export { createUseLiteEncoder, type UseLiteOptions } from './use-lite'
