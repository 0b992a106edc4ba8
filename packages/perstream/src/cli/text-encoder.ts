import { importPeer } from '@perstream/kit'
import type { TextEncoder } from '@perstream/spec'
import { Option } from 'commander'
import type { CommandContext } from './context'
import { findModel } from './model-names'
import { type OpeningFlags, openingOptions } from './opening-options'

/** The encoder of the lite preset. */
export const liteText = 'lite'

/** The id of its space. */
export const liteSpace = 'use-lite-512'

/** The option that says which encoder makes vectors. */
export function textOption(description: string): Option {
  return new Option('--text <model>', `${description}: lite, or the name or folder of a model`).default(liteText)
}

/** What an encoder is opened with. */
export interface TextFlags extends OpeningFlags {
  readonly text: string
}

/**
 * Opens the text encoder of an option: the lite one, or a model of sentences such as all-MiniLM-L6-v2. Its space has the name of the
 * published model, wherever it lies; weights in 8 or 4 bits make another space.
 * @throws PerStreamError `model-missing`, `model-unsupported` for a model that encodes no sentences, `dependency-missing`
 */
export async function openTextEncoder(
  { text, ...flags }: TextFlags,
  { signal }: CommandContext,
): Promise<TextEncoder & AsyncDisposable> {
  if (text === liteText) {
    const { createUseLiteEncoder } = await importPeer<typeof import('@perstream/lite')>(
      '@perstream/lite',
      'The text encoder "lite"',
      () => import('@perstream/lite'),
    )
    return createUseLiteEncoder({ threads: flags.threads, signal })
  }
  const { folder, model, dtype } = await findModel(text, flags)
  const { createSentenceEncoder } = await import('@perstream/backends/models')
  const space = dtype === 'int8' || dtype === 'q4' ? `${model}-${dtype}` : model
  return createSentenceEncoder({ folder, space, ...(await openingOptions(flags)), signal })
}
