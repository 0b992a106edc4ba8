import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { PerStreamError } from '@perstream/spec'
import { createOnnxRuntime } from '../onnx'
import { unreadable } from './model-folder'
import type { TransformersPlatform } from './platform'

const detectorPackage = '@ricky0123/vad-web'

/** Node: models in folders, and the detector of an installed package. */
export const nodePlatform: TransformersPlatform = {
  createRuntime: () => createOnnxRuntime(),
  async readFile(place, signal) {
    signal?.throwIfAborted()
    const path = place.startsWith('file:') ? new URL(place) : place
    return readFile(path, { encoding: 'utf8', signal }).catch((cause: NodeJS.ErrnoException) => {
      signal?.throwIfAborted()
      if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined
      throw unreadable(place, cause.message, cause)
    })
  },
  detectorDevice: 'cpu',
  defaultDetector() {
    const require = createRequire(import.meta.url)
    try {
      return { path: require.resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx') }
    } catch (cause) {
      throw new PerStreamError(
        'dependency-missing',
        `Telling speech from silence needs the package "${detectorPackage}", which was not found. Install it with: npm install ${detectorPackage}, or give vad.model or vad: false.`,
        { fields: { package: detectorPackage }, cause },
      )
    }
  },
}
