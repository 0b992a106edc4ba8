import { defineConfig } from 'tsup'
import { baseOptions } from '../../tsup.base'

const entry = ['src/index.ts', 'src/node-av.ts', 'src/ffmpeg.ts', 'src/compat.ts']

export default defineConfig({
  ...baseOptions,
  // The decoding thread is a file of its own beside the driver that starts it.
  entry: [...entry, 'src/node-av-worker.ts'],
  dts: { entry },
})
