import { defineConfig } from 'tsup'
import { baseOptions } from '../../tsup.base'

export default defineConfig({
  ...baseOptions,
  entry: [
    'src/onnx.ts',
    'src/onnx.browser.ts',
    'src/models.ts',
    'src/models.browser.ts',
    'src/prompted.ts',
    'src/reference.ts',
  ],
})
