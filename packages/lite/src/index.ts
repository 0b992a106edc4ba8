export { createPpOcrReader, type PpOcrReaderOptions } from './ppocr-reader'
