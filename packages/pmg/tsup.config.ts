import { defineConfig } from 'tsup'
import { baseOptions } from '../../tsup.base'

export default defineConfig({
  ...baseOptions,
  entry: [
    'src/index.ts',
    'src/files.ts',
    'src/import.ts',
    'src/journal.ts',
    'src/opfs.ts',
    'src/compat.ts',
    'src/vectors.ts',
  ],
})
