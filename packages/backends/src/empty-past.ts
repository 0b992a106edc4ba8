import { PerStreamError, type Tensor, type TensorSpec } from '@perstream/spec'

/**
 * What a decoder's cache input [1, heads, 0, width] takes before the first token.
 * @throws PerStreamError `model-unsupported` when the input does not say how many heads there are, or how wide they are
 */
export function emptyPast({ name, type, shape }: TensorSpec): Tensor {
  const [, heads, , width] = shape
  if (shape.length !== 4 || !isCount(heads) || !isCount(width))
    throw new PerStreamError(
      'model-unsupported',
      `The decoder's input "${name}" has the shape [${shape.join(', ')}]: its heads and their width must be numbers.`,
      { fields: { input: name } },
    )
  const data = type === 'float16' ? new Uint16Array(0) : new Float32Array(0)
  return { type, shape: [1, heads, 0, width], data }
}

function isCount(size: number | string | undefined): size is number {
  return typeof size === 'number' && size > 0
}
