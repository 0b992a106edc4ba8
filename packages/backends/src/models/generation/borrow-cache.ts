import { PerStreamError } from '@perstream/spec'
import type { EncodedPrompt } from '../prompt/encode-prompt'
import type { KeptPrefix, PrefixState } from './kept-prefix'
import { emptyCache, type KeyValueCache } from './key-value-cache'

/** A cache that belongs to somebody else. */
export interface BorrowedCache {
  readonly cache: KeyValueCache
  release(): void
}

/**
 * The cache that a prompt begins with: that of a kept prefix, else the empty one.
 * @throws PerStreamError `input-invalid` when the prefix is not this model's, is closed, or is not the beginning of
 * the prompt
 */
export function borrowCache(
  prompt: EncodedPrompt,
  prefix: KeptPrefix | undefined,
  kept: WeakMap<KeptPrefix, PrefixState>,
): BorrowedCache {
  if (!prefix) return { cache: emptyCache, release: () => {} }
  const state = kept.get(prefix)
  if (!state) {
    throw new PerStreamError('input-invalid', 'The prefix was not kept by this model: keep it with the same model')
  }
  return state.borrow(prompt)
}
