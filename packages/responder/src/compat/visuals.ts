import { type PatchGrid, PerStreamError } from '@perstream/spec'

/** The visual part of a retrieved memory. */
export interface VisualMemory {
  /** Milliseconds since 1970 UTC. */
  readonly createdAt: number
  readonly meanGrid?: PatchGrid | undefined
  readonly nearestGrid?: PatchGrid | undefined
}

/**
 * Side in pixels of the white image that stands for a patch count: `ceil(sqrt(4 * patches)) * 14`. The image processor makes as many
 * tokens as there are patches only for squares of 4 or more. (BEHAVIOUR 8.1, vector B2)
 * @throws TypeError when `patches` is no whole number of 1 or more
 */
export function dummyImageSide(patches: number): number {
  if (!Number.isInteger(patches) || patches < 1)
    throw new TypeError(`patches is ${patches}: it must be a whole number, 1 or more`)
  return Math.ceil(Math.sqrt(4 * patches)) * 14
}

/**
 * Orders the visual grids of a prompt: memories from the oldest on, mean before nearest, then the short-term grids, which carry the
 * current time. (BEHAVIOUR 8.1, vector G1)
 * @throws PerStreamError `input-invalid` when there is none (the prototype's ValueError), or when their patch counts differ (there the
 * model call fails). (vector G3)
 */
export function layVisuals(memories: readonly VisualMemory[], shortTerm: readonly PatchGrid[]): PatchGrid[] {
  const ordered = [...memories].sort((a, b) => a.createdAt - b.createdAt)
  const grids = ordered.flatMap(({ meanGrid, nearestGrid }) =>
    [meanGrid, nearestGrid].filter((grid) => grid !== undefined),
  )
  const all = [...grids, ...shortTerm]
  const counts = [...new Set(all.map((grid) => grid.rows * grid.columns))]
  if (all.length === 0)
    throw new PerStreamError('input-invalid', 'there is no visual grid for the prompt: ask with text alone', {
      fields: { grids: 0 },
    })
  if (counts.length > 1)
    throw new PerStreamError(
      'input-invalid',
      `visual grids have ${counts.join(' and ')} patches: pool them to one size first`,
      {
        fields: { patches: counts },
      },
    )
  return all
}
