import { type AudioChunk, type AudioOptions, PerStreamError, type Warning } from '@perstream/spec'

/** How the sound of a file is opened. */
export interface OpenAudioOptions extends AudioOptions {
  /** Receives what went wrong without ending the sound: parts that could not be decoded. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
}

/** Reads the sound of files without looking at pictures, so that files without any can be heard. */
export interface AudioDriver {
  /**
   * Reads the sound of a file or URL. What cannot be opened is told when the loop begins.
   * @throws PerStreamError `source-not-found`, `source-unreadable` (also when it holds no sound), `source-driver-missing`
   */
  openAudio(location: string, options?: OpenAudioOptions): AsyncIterable<AudioChunk>
}

/** Makes the error for a source without sound. */
export function noSound(location: string, reason: string): PerStreamError {
  return new PerStreamError('source-unreadable', `${location} has no sound to hear: ${reason}.`, {
    fields: { location, cause: reason },
  })
}
