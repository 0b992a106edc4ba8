import { defineConfig } from 'tsup'
import { baseOptions } from '../../tsup.base'

// Vitest, which the suites register their tests with, can be imported as ESM only.
export default defineConfig({ ...baseOptions, format: ['esm'], entry: ['src/index.ts'] })
