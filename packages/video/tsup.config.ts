import { defineConfig } from 'tsup'
import { baseOptions } from '../../tsup.base'

const entry = ['src/index.ts', 'src/node-av.ts', 'src/ffmpeg.ts', 'src/compat.ts']

export default defineConfig({
  ...baseOptions,
  // The decoding threads are files of their own beside the driver that starts them.
  entry: [...entry, 'src/node-av-worker.ts', 'src/node-av-audio-worker.ts'],
  dts: { entry },
})
