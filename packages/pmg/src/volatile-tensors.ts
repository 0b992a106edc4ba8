import { type PatchGrid, PerStreamError, type TensorPrecision, type TensorStore } from '@perstream/spec'

/** Makes a tensor store that lives in memory, in 32-bit floats, and is gone with the process. */
export function createVolatileTensors(): TensorStore {
  const grids = new Map<string, PatchGrid>()
  let closed = false
  const check = (signal: AbortSignal | undefined) => {
    signal?.throwIfAborted()
    if (closed) throw new PerStreamError('store-closed', 'the tensor store is closed: open a new one')
  }
  return {
    async put(id, grid, { precision = 'f32', signal } = {}) {
      check(signal)
      if (precision !== 'f32')
        throw new TypeError(`precision is ${JSON.stringify(precision)}: tensors in memory are kept as f32`)
      grids.set(id, { ...grid, data: grid.data.slice() })
    },
    async get(id, { signal } = {}) {
      check(signal)
      const grid = grids.get(id)
      return grid && { ...grid, data: grid.data.slice() }
    },
    async delete(ids, { signal } = {}) {
      check(signal)
      for (const id of ids) grids.delete(id)
    },
    async list({ signal } = {}) {
      check(signal)
      const precision: TensorPrecision = 'f32'
      return Array.from(grids, ([id, { data }]) => ({ id, bytes: data.byteLength, precision }))
    },
    async [Symbol.asyncDispose]() {
      closed = true
      grids.clear()
    },
  }
}
