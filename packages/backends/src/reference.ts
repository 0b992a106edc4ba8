export { createReferenceTextEncoder, type ReferenceTextEncoderOptions } from './reference/text-encoder'
export { createReferenceVisionEncoder, type ReferenceVisionEncoderOptions } from './reference/vision-encoder'
