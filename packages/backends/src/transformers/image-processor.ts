import type { CallOptions, Frame, Tensor } from '@perstream/spec'
import { fromLibrary, type Library } from './library'

type Settings = Readonly<Record<string, unknown>>

/** Brings a frame into the form that a model takes: [1, 3, height, width]. */
export type ProcessImage = (frame: Frame, options: CallOptions) => Promise<Tensor>

/**
 * Makes the step before an image model from its preprocessor_config.json. Resizing is that of @huggingface/transformers: sharp in
 * Node, a canvas in a browser; a frame of the model's own size is not touched by it.
 */
export function createImageProcessor(library: Library, settings: Settings): ProcessImage {
  const processor = new library.ImageProcessor(settings)
  const edge = largestEdge(settings)
  return async (frame, { signal }) => {
    // As small as no side is short of what is wanted: the source is better at shrinking than a resize to the last size.
    const height = edge && Math.ceil(edge * Math.max(1, frame.height / frame.width))
    const { data, width, height: shown } = await frame.pixels({ height: height ?? frame.height, signal })
    const { pixel_values } = await processor(new library.RawImage(data, width, shown, 3))
    signal?.throwIfAborted()
    return fromLibrary(pixel_values)
  }
}

function largestEdge({ size, do_resize }: Settings): number | undefined {
  if (do_resize === false) return undefined
  const edges = typeof size === 'number' ? [size] : Object.values((size ?? {}) as Record<string, unknown>)
  const known = edges.filter((edge): edge is number => typeof edge === 'number' && edge > 0)
  return known.length > 0 ? Math.max(...known) : undefined
}
