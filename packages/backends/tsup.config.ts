import { defineConfig } from 'tsup'
import { baseOptions } from '../../tsup.base'

export default defineConfig({ ...baseOptions, entry: ['src/ai.ts', 'src/onnx.ts', 'src/reference.ts'] })
