import { PerStreamError } from '@perstream/spec'
import type { EncodedPrompt, VisualPart } from '../prompt/encode-prompt'
import { disposeCache, type KeyValueCache } from './key-value-cache'

/**
 * The beginning of prompts, read once and kept. It serves any number of prompts, at the same time too; closing it
 * waits for none of them.
 */
export interface KeptPrefix extends AsyncDisposable {
  /** How many tokens need not be read again. */
  readonly tokens: number
}

/** A kept prefix as its model sees it. */
export interface PrefixState {
  readonly prefix: KeptPrefix
  /**
   * The cache for a prompt; `release` it when it is no longer fed.
   * @throws PerStreamError `input-invalid` when the prompt does not begin with what was kept, or the prefix is closed
   */
  borrow(prompt: EncodedPrompt): { readonly cache: KeyValueCache; release(): void }
}

/** Keeps a cache with what it was read from. The caller's arrays are copied: they may change later. */
export function createPrefixState({ ids, spans, visuals }: EncodedPrompt, cache: KeyValueCache): PrefixState {
  const kept = ids.slice(0, cache.length)
  const seen = visuals.filter((_, i) => spans[i]!.start < cache.length).map(snapshot)
  let borrowed = 0
  let closed = false
  const freeWhenIdle = () => {
    if (closed && borrowed === 0) disposeCache(cache)
  }
  const prefix: KeptPrefix = {
    tokens: kept.length,
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      freeWhenIdle()
    },
  }
  return {
    prefix,
    borrow(prompt) {
      if (closed) throw new PerStreamError('input-invalid', 'The kept prefix is closed: keep it again')
      checkBeginning(prompt, kept, seen)
      borrowed++
      return {
        cache,
        release() {
          borrowed--
          freeWhenIdle()
        },
      }
    },
  }
}

/**
 * How much of a prompt without the opening of a reply can be kept: to the end of its last image, or all of it when
 * words follow.
 */
export function keptLength({ ids, spans }: EncodedPrompt, endsWithVisual: boolean): number {
  const last = spans.at(-1)
  return endsWithVisual && last ? last.start + last.rows * last.columns : ids.length
}

function checkBeginning(prompt: EncodedPrompt, kept: readonly number[], seen: readonly Snapshot[]): void {
  const differs = kept.findIndex((id, i) => prompt.ids[i] !== id)
  if (differs >= 0 || prompt.ids.length <= kept.length) {
    const place = differs >= 0 ? differs : prompt.ids.length
    throw notTheBeginning(`they part at token ${place} of ${kept.length}`)
  }
  const other = seen.findIndex((snapshot, i) => !isSame(snapshot, prompt.visuals[i]!))
  if (other >= 0) throw notTheBeginning(`image ${other} is another one`)
}

function notTheBeginning(how: string): PerStreamError {
  return new PerStreamError(
    'input-invalid',
    `The prompt does not begin with the turns of the kept prefix: ${how}. Give the same turns first, or leave out "prefix"`,
  )
}

interface Snapshot {
  readonly kind: 'image' | 'embedding'
  readonly rows: number
  readonly columns: number
  readonly data: Float32Array | Uint8Array
  /** Of an image in pixels. */
  readonly width: number
}

function contentOf({ part }: VisualPart): { data: Float32Array | Uint8Array; width: number } {
  return part.kind === 'image' ? part.image : { data: part.grid.data, width: 0 }
}

function snapshot(visual: VisualPart): Snapshot {
  const { data, width } = contentOf(visual)
  return { kind: visual.part.kind, rows: visual.rows, columns: visual.columns, data: data.slice(), width }
}

function isSame(kept: Snapshot, visual: VisualPart): boolean {
  const { data, width } = contentOf(visual)
  const alike =
    kept.kind === visual.part.kind &&
    kept.rows === visual.rows &&
    kept.columns === visual.columns &&
    kept.width === width &&
    kept.data.length === data.length
  if (!alike) return false
  for (let i = 0; i < data.length; i++) if (data[i] !== kept.data[i]) return false
  return true
}
