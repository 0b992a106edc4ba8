import { precisions } from '@perstream/kit'
import {
  type CallOptions,
  type GridReference,
  type MemoryInput,
  type PatchGrid,
  PerStreamError,
  type TensorPrecision,
  type TensorStore,
} from '@perstream/spec'
import { createId } from './create-id'
import type { GraphState } from './graph-state'
import type { GridReferences } from './made-memory'

/**
 * Keeps the grids of memories in a tensor store: each buffer of a batch once, durably before the memories that refer to it. A grid is
 * erased when no memory refers to it any more; how many do is counted from the memories themselves.
 */
export class GridKeeper {
  readonly #tensors: TensorStore
  /** Grids that are kept but may have no memory yet. */
  readonly #underWay = new Set<string>()

  constructor(tensors: TensorStore) {
    this.#tensors = tensors
  }

  /** Keeps the grids of inputs. Whoever calls it calls `kept` with the result once the memories are durable, or failed. */
  async keep(inputs: readonly MemoryInput[], { signal }: CallOptions): Promise<GridReferences[]> {
    const references = new Map<Float32Array, GridReference>()
    try {
      for (const { meanGrid, nearestGrid } of inputs)
        for (const grid of [meanGrid, nearestGrid])
          if (grid && !references.has(grid.data)) {
            const reference = referenceOf(grid, this.#tensors.precision)
            references.set(grid.data, reference)
            this.#underWay.add(reference.id)
            await this.#tensors.put(reference.id, grid, { signal })
          }
    } catch (error) {
      for (const { id } of references.values()) this.#underWay.delete(id)
      await this.#tensors.delete(Array.from(references.values(), ({ id }) => id))
      throw error
    }
    const of = (grid: PatchGrid | undefined) => grid && references.get(grid.data)!
    return inputs.map(({ meanGrid, nearestGrid }) => ({
      ...(meanGrid && { meanGrid: of(meanGrid) }),
      ...(nearestGrid && { nearestGrid: of(nearestGrid) }),
    }))
  }

  /** Keeps a grid under the id it had, such as one that is imported. */
  restore(id: string, grid: PatchGrid, options: CallOptions & { readonly precision: TensorPrecision }): Promise<void> {
    return this.#tensors.put(id, grid, options)
  }

  /** To be called when the memories that grids were kept for are durable, or failed: erases those that no memory refers to. */
  async kept(grids: readonly GridReferences[], state: GraphState): Promise<void> {
    const ids = new Set(
      grids.flatMap(({ meanGrid, nearestGrid }) => [meanGrid, nearestGrid]).flatMap((grid) => grid?.id ?? []),
    )
    for (const id of ids) this.#underWay.delete(id)
    await this.free(ids, state)
  }

  /** Erases those of the grids that no memory refers to, and keeps the others no more exactly than their memories say. */
  async settle(ids: Iterable<string>, state: GraphState): Promise<void> {
    const there = [...ids]
    await this.free(there, state)
    for (const id of there) {
      const precision = state.grids.precisionOf(id)
      if (precision !== undefined && precision !== 'f32') await this.#keepAs(id, precision)
    }
  }

  /** Erases those of the grids that no memory refers to. */
  async free(ids: Iterable<string>, state: GraphState): Promise<void> {
    const gone = [...ids].filter((id) => !state.grids.has(id) && !this.#underWay.has(id))
    if (gone.length > 0) await this.#tensors.delete(gone)
  }

  /**
   * Does what a crash left undone: erases all grids without a memory, and keeps those less exactly that shall be. A store that is only read
   * is left as it is.
   */
  async sweep(state: GraphState, options: CallOptions): Promise<void> {
    const there = await this.#tensors.list(options)
    const wanted = (id: string) => precisions.indexOf(state.grids.precisionOf(id) ?? 'f32')
    const undone = there.filter(
      ({ id, precision }) => !state.grids.has(id) || precisions.indexOf(precision) < wanted(id),
    )
    try {
      await this.settle(
        undone.map(({ id }) => id),
        state,
      )
    } catch (error) {
      if (!PerStreamError.isInstance(error) || error.code !== 'store-read-only') throw error
    }
  }

  async #keepAs(id: string, precision: TensorPrecision): Promise<void> {
    const grid = await this.#tensors.get(id)
    if (grid) await this.#tensors.put(id, grid, { precision })
  }

  read({ id }: GridReference, options: CallOptions): Promise<PatchGrid | undefined> {
    return this.#tensors.get(id, options)
  }

  /** How many grids there are, and the bytes they take where they lie. */
  async usage(options: CallOptions): Promise<{ readonly grids: number; readonly bytes: number }> {
    const there = await this.#tensors.list(options)
    return { grids: there.length, bytes: there.reduce((sum, { bytes }) => sum + bytes, 0) }
  }
}

function referenceOf({ rows, columns, dimensions, space }: PatchGrid, precision: TensorPrecision): GridReference {
  return { id: createId(), rows, columns, dimensions, space, ...(precision !== 'f32' && { precision }) }
}
