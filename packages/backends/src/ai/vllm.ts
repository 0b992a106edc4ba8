import { type PatchGrid, PerStreamError } from '@perstream/spec'
import { writeTorchTensor } from './torch-tensor'

/** How stored visual embeddings become parts of a message, for servers that take them. */
export interface AiEmbeddings {
  /**
   * Makes the content part that stands for a grid in an OpenAI-compatible chat message, sent as it is.
   * @throws PerStreamError `space-mismatch` when the server's model cannot read the grid
   */
  toContentPart(grid: PatchGrid): Readonly<Record<string, unknown>>
}

/** What a vLLM server is told of grids. */
export interface VllmEmbeddingOptions {
  /** The space of the grids that the served model made, and no other can read. */
  readonly space: string
  /** Patches that the model merges into one row, in each direction: 2 for the Qwen-VL families, 1 for models without grids. Default 2. */
  readonly mergeSize?: number | undefined
  /** Whether the model wants the shape of the grid (`image_grid_thw`), as the Qwen-VL families do. Default true. */
  readonly gridShape?: boolean | undefined
}

/**
 * Makes content parts of vLLM's type `image_embeds`: rows as the vision encoder gave them, after merging, in `torch.save`'s form. The server
 * must have been started with `--enable-mm-embeds`; vLLM warns that embeddings of a wrong shape can crash it.
 */
export function createVllmEmbeddings({ space, mergeSize = 2, gridShape = true }: VllmEmbeddingOptions): AiEmbeddings {
  if (!Number.isInteger(mergeSize) || mergeSize < 1)
    throw new TypeError(`mergeSize is ${mergeSize}: it must be a whole number, 1 or more`)
  return {
    toContentPart(grid) {
      if (grid.space !== space)
        throw new PerStreamError(
          'space-mismatch',
          `A grid is of the space "${grid.space}", and the served model reads "${space}". Encode its frames anew.`,
          {
            fields: { space: grid.space, expected: space },
          },
        )
      const { data, rows, columns, dimensions } = grid
      const rowsOfModel = base64(writeTorchTensor(data, [rows * columns, dimensions]))
      if (!gridShape) return { type: 'image_embeds', image_embeds: rowsOfModel }
      const shape = BigInt64Array.of(1n, BigInt(rows * mergeSize), BigInt(columns * mergeSize))
      const shapeOfModel = base64(writeTorchTensor(shape, [3]))
      return { type: 'image_embeds', image_embeds: { image_embeds: rowsOfModel, image_grid_thw: shapeOfModel } }
    },
  }
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}
