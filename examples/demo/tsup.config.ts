import { defineConfig } from 'tsup'
import { baseOptions } from '../../tsup.base'

export default defineConfig({
  ...baseOptions,
  format: ['esm'],
  entry: ['src/index.ts', 'src/cli.ts', 'src/render-worker.ts'],
})
