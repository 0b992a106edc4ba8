import { defineConfig } from 'tsup'
import { baseOptions } from '../../tsup.base'

export default defineConfig({
  ...baseOptions,
  entry: ['src/onnx.ts', 'src/models.ts', 'src/hub.ts', 'src/reference.ts'],
})
