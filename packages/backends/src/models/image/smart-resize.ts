import { roundHalfEven } from '@perstream/kit'
import { PerStreamError } from '@perstream/spec'

/** Bounds of a size. */
export interface SizeLimits {
  /** Both sides become multiples of it: patch size times merge size. */
  readonly factor: number
  readonly minPixels: number
  readonly maxPixels: number
}

/**
 * The size at which an image is shown to a Qwen vision tower: both sides rounded (half to even) to multiples of
 * `factor`, scaled down or up where the area leaves the limits. (BEHAVIOUR 2, vector B1)
 * @throws PerStreamError `input-invalid` when one side is more than 200 times the other
 */
export function smartResize(
  { width, height }: { readonly width: number; readonly height: number },
  { factor, minPixels, maxPixels }: SizeLimits,
): { width: number; height: number } {
  if (Math.max(width, height) / Math.min(width, height) > 200) {
    throw new PerStreamError(
      'input-invalid',
      `The image is ${width} x ${height}: one side may be at most 200 times the other. Crop it`,
      { fields: { width, height } },
    )
  }
  const rounded = {
    width: roundHalfEven(width / factor) * factor,
    height: roundHalfEven(height / factor) * factor,
  }
  const area = rounded.width * rounded.height
  if (area > maxPixels) {
    const shrink = Math.sqrt((width * height) / maxPixels)
    const fit = (side: number) => Math.max(factor, Math.floor(side / shrink / factor) * factor)
    return { width: fit(width), height: fit(height) }
  }
  if (area < minPixels) {
    const grow = Math.sqrt(minPixels / (width * height))
    const fit = (side: number) => Math.ceil((side * grow) / factor) * factor
    return { width: fit(width), height: fit(height) }
  }
  return rounded
}
