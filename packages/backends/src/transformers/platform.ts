import type { Device, ModelSource, TensorRuntime } from '@perstream/spec'

/** What is different in Node and in browsers. */
export interface TransformersPlatform {
  /** Makes what models run on, where none is given. */
  createRuntime(): TensorRuntime
  /**
   * The text of a file on the disk, by its path or `file:` URL, or undefined when it is not there. Absent: there is no disk, and
   * every location is a URL.
   * @throws PerStreamError `model-missing` when it cannot be read
   */
  readonly readFile?: (place: string, signal: AbortSignal | undefined) => Promise<string | undefined>
  /** Where the detector of speech runs, which is too small to gain from a GPU. */
  readonly detectorDevice: Device
  /** The detector of speech that is taken where none is given. @throws PerStreamError `dependency-missing` */
  defaultDetector(): ModelSource
}
