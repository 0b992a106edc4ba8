import { defineConfig } from 'tsup'

/** The page and the worker: plain scripts that a browser runs from a file, everything in them. */
export default defineConfig({
  entry: ['src/page/page.ts', 'src/page/worker.ts'],
  format: 'iife',
  outExtension: () => ({ js: '.js' }),
  target: 'es2022',
  platform: 'browser',
  noExternal: [/./],
  minify: true,
  clean: true,
  publicDir: 'src/page/public',
})
