import type { Options } from 'tsup'

/** The settings every package builds with: ESM and CommonJS, types for both, Node 20. */
export const baseOptions: Options = {
  format: ['esm', 'cjs'],
  target: 'node20',
  dts: true,
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: true,
  shims: true,
}
