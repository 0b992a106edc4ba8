import { PerStreamError } from '@perstream/spec'
import { createOnnxRuntime } from '../onnx.browser'
import type { TransformersPlatform } from './platform'

/** Browsers: models and the detector by their URLs. */
export const browserPlatform: TransformersPlatform = {
  createRuntime: () => createOnnxRuntime(),
  detectorDevice: 'wasm',
  defaultDetector() {
    throw new PerStreamError(
      'dependency-missing',
      'Telling speech from silence needs a detector: in browsers, serve silero_vad_v6.onnx of the package "@ricky0123/vad-web" and give vad: { model: { url } }, or vad: false.',
      { fields: { package: '@ricky0123/vad-web' } },
    )
  },
}
