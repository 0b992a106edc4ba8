import { type CallOptions, type PatchGrid, PerStreamError, type Tensor, type TensorHandle } from '@perstream/spec'
import type { LanguageModelParts } from '../language-model-parts'
import { type PromptPositions, positionsBetween, promptPositions } from '../positions'
import type { EncodedPrompt, VisualPart } from '../prompt/encode-prompt'
import { createDecoder, type DecoderOutput, readAndDispose } from './decoder'
import { disposeCache, type KeyValueCache } from './key-value-cache'
import type { VisionTower } from './vision-tower'

/** A prompt with the positions of its tokens. */
export interface ReadablePrompt extends EncodedPrompt {
  readonly positions: PromptPositions
}

/** Reads prompts and tokens into caches. */
export interface PromptReader {
  position(prompt: EncodedPrompt): ReadablePrompt
  /** Reads a prompt from the end of `cache` to `end`, in pieces; `cache` stays as it is. */
  read(
    prompt: ReadablePrompt,
    options: CallOptions & { readonly cache: KeyValueCache; readonly end: number },
  ): Promise<DecoderOutput>
  /** Reads tokens that follow a prompt; a row of logits for each. `cache` stays as it is. */
  append(
    ids: readonly number[],
    options: CallOptions & { readonly prompt: ReadablePrompt; readonly cache: KeyValueCache },
  ): Promise<DecoderOutput>
}

/** What the rows of a visual part are. */
interface VisualRows {
  readonly grid: PatchGrid
  readonly deepstack: readonly Float32Array[]
}

/** Makes the reader of a model's prompts. `piece`: tokens that one run reads. */
export function createPromptReader(
  parts: LanguageModelParts,
  { tower, piece }: { readonly tower: VisionTower | undefined; readonly piece: number },
): PromptReader {
  const { config, embed } = parts
  const decoder = createDecoder(parts)
  const { width } = config.text
  const multimodal = config.text.rope.sections !== undefined

  const embedTokens = async (ids: readonly number[], options: CallOptions): Promise<TensorHandle> => {
    const data = BigInt64Array.from(ids, BigInt)
    const input: Tensor = { type: 'int64', shape: [1, ids.length], data }
    const { inputs_embeds: handle } = await embed.runHeld(
      { input_ids: input },
      { ...options, outputs: ['inputs_embeds'] },
    )
    return handle!
  }

  const readPiece = async (
    prompt: ReadablePrompt,
    { cache, end, seen, signal }: CallOptions & { cache: KeyValueCache; end: number; seen: VisualReader },
  ): Promise<DecoderOutput> => {
    const start = cache.length
    const length = end - start
    const handle = await embedTokens(prompt.ids.slice(start, end), { signal })
    const positions = positionsBetween(prompt.positions, start, end)
    const visible = prompt.spans.some((span) => span.start < end && span.start + span.rows * span.columns > start)
    if (!visible)
      return runAndDispose(handle, (embeddings) =>
        decoder.run({ embeddings, positions, length }, { cache, rows: 1, signal }),
      )
    const embeddings = await readAndDispose(handle, { signal })
    const deepstack = await placeVisuals(prompt, {
      start,
      end,
      width,
      seen,
      embeddings: embeddings.data as Float32Array,
    })
    return decoder.run({ embeddings, positions, length, deepstack }, { cache, rows: 1, signal })
  }

  return {
    position: (prompt) => ({ ...prompt, positions: promptPositions(prompt.ids.length, prompt.spans, { multimodal }) }),
    async read(prompt, { cache: first, end, signal }) {
      const seen = createVisualReader(tower, { signal })
      let output: DecoderOutput = { cache: first, logits: [] }
      try {
        while (output.cache.length < end) {
          signal?.throwIfAborted()
          const last = output.cache
          const next = await readPiece(prompt, { cache: last, end: Math.min(last.length + piece, end), seen, signal })
          if (last !== first) disposeCache(last)
          output = next
        }
        return output
      } catch (error) {
        if (output.cache !== first) disposeCache(output.cache)
        throw error
      }
    },
    async append(ids, { prompt, cache, signal }) {
      const handle = await embedTokens(ids, { signal })
      const positions = positionsBetween(prompt.positions, cache.length, cache.length + ids.length)
      return runAndDispose(handle, (embeddings) =>
        decoder.run({ embeddings, positions, length: ids.length }, { cache, rows: ids.length, signal }),
      )
    },
  }
}

async function runAndDispose<Value>(
  handle: TensorHandle,
  work: (handle: TensorHandle) => Promise<Value>,
): Promise<Value> {
  try {
    return await work(handle)
  } finally {
    handle[Symbol.dispose]()
  }
}

type VisualReader = (visual: VisualPart) => Promise<VisualRows>

/** Gives the rows of what is seen: stored ones as they are, images through the tower, each once. */
function createVisualReader(tower: VisionTower | undefined, options: CallOptions): VisualReader {
  const encoded = new Map<VisualPart, Promise<VisualRows>>()
  return (visual) => {
    const { part } = visual
    if (part.kind === 'embedding') return Promise.resolve({ grid: part.grid, deepstack: [] })
    const rows = encoded.get(visual) ?? tower!.encode(part.image, options)
    encoded.set(visual, rows)
    return rows
  }
}

interface Placement {
  readonly start: number
  readonly end: number
  readonly width: number
  readonly seen: VisualReader
  /** [end - start, width]: rows of image tokens are written over. */
  readonly embeddings: Float32Array
}

/**
 * Writes what is seen into the embeddings of a piece of a prompt; returns the rows for the deepstack, where there are
 * any.
 */
async function placeVisuals(
  { spans, visuals }: EncodedPrompt,
  { start, end, width, seen, embeddings }: Placement,
): Promise<Tensor[] | undefined> {
  let deepstack: Float32Array[] | undefined
  for (const [i, span] of spans.entries()) {
    const first = Math.max(span.start, start)
    const last = Math.min(span.start + span.rows * span.columns, end)
    if (first >= last) continue
    const { grid, deepstack: deep } = await seen(visuals[i]!)
    const copy = (from: Float32Array, to: Float32Array) => {
      to.set(from.subarray((first - span.start) * width, (last - span.start) * width), (first - start) * width)
    }
    checkSize(grid, span)
    copy(grid.data, embeddings)
    if (deep.length > 0) deepstack ??= deep.map(() => new Float32Array(embeddings.length))
    for (const [k, layer] of deep.entries()) copy(layer, deepstack![k]!)
  }
  return deepstack?.map((data) => ({ type: 'float32', shape: [1, end - start, width], data }))
}

function checkSize(grid: PatchGrid, span: { readonly rows: number; readonly columns: number }): void {
  if (grid.rows === span.rows && grid.columns === span.columns) return
  throw new PerStreamError(
    'model-invalid',
    `The vision tower gave ${grid.rows} x ${grid.columns} rows where ${span.rows} x ${span.columns} were due: preprocessor_config.json does not fit the model`,
  )
}
