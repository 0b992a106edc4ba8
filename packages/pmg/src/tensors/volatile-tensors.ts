import { type CallOptions, PerStreamError, type TensorPrecision, type TensorStore } from '@perstream/spec'
import { checkGrid, decodeGrid, encodeGrid, type GridShape } from './grid-codec'

/** Makes a store of grids that lives in memory and is gone with the process. It takes the bytes that `list` says. */
export function createVolatileTensors(): TensorStore {
  const grids = new Map<string, { shape: GridShape; precision: TensorPrecision; bytes: Uint8Array }>()
  let closed = false
  const check = (signal: AbortSignal | undefined) => {
    signal?.throwIfAborted()
    if (closed) throw new PerStreamError('store-closed', 'the tensor store is closed: make a new one')
  }
  return {
    precision: 'f32',
    async put(id, grid, { precision = 'f32', signal } = {}) {
      check(signal)
      checkId(id)
      checkGrid(grid, precision)
      const { data: _, ...shape } = grid
      grids.set(id, { shape, precision, bytes: encodeGrid(grid, precision) })
    },
    async get(id, { signal }: CallOptions = {}) {
      check(signal)
      const kept = grids.get(id)
      return kept && decodeGrid(kept.shape, kept.precision, kept.bytes)
    },
    async delete(ids, { signal }: CallOptions = {}) {
      check(signal)
      for (const id of ids) grids.delete(id)
    },
    async list({ signal }: CallOptions = {}) {
      check(signal)
      return Array.from(grids, ([id, { bytes, precision }]) => ({ id, bytes: bytes.length, precision }))
    },
    async [Symbol.asyncDispose]() {
      closed = true
      grids.clear()
    },
  }
}

/** @throws TypeError unless the id is a text */
export function checkId(id: unknown): void {
  if (typeof id !== 'string') throw new TypeError(`id is ${String(id)}: it must be a text`)
}
