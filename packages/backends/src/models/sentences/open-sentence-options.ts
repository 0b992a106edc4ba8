import type { OpenBertOptions } from './opened-bert'

/** How sentence encoders are opened, wherever their files are. */
export interface OpenSentenceOptions extends OpenBertOptions {
  /** The id of the embedding space. Default: the name of the folder. */
  readonly space?: string | undefined
}
