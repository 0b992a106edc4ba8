export { type CenterNet, type CenterNetOptions, createCenterNet } from './centernet'
export { createPpOcrReader, type PpOcrReaderOptions } from './ppocr-reader'
export { createUseLiteEncoder, type UseLiteOptions } from './use-lite'
