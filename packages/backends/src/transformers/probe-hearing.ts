import { type CallOptions, type DriverStatus, PerStreamError } from '@perstream/spec'
import { loadLibrary } from './library'
import type { TransformersPlatform } from './platform'
import { openSilero } from './speech/voice-detector'

/** Says whether all is there that hearing speech needs beside a model. */
export async function probeHearing(platform: TransformersPlatform, { signal }: CallOptions): Promise<DriverStatus> {
  try {
    const { env } = await loadLibrary('Hearing speech')
    await using _detector = await openSilero(platform.createRuntime(), platform, { signal })
    return { available: true, version: `transformers.js ${env.version}`, detail: 'Silero voice detector' }
  } catch (error) {
    signal?.throwIfAborted()
    if (!PerStreamError.isInstance(error)) throw error
    const missing = error.fields.package
    const remedy = missing === undefined ? 'Give the detector another model' : `npm install ${String(missing)}`
    return { available: false, reason: error.message.split('\n')[0]!, remedy }
  }
}
