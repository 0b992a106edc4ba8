import { defineConfig } from 'tsup'
import { baseOptions } from '../../tsup.base'

export default defineConfig({
  ...baseOptions,
  entry: [
    'src/ai.ts',
    'src/hub.ts',
    'src/models.ts',
    'src/models.browser.ts',
    'src/onnx.ts',
    'src/onnx.browser.ts',
    'src/prompted.ts',
    'src/reference.ts',
    'src/transformers.ts',
    'src/transformers.browser.ts',
  ],
})
